import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readNumberArray } from '../../src/http/read/number-array.ts'
import { readNested } from '../../src/http/read/tensor.ts'
import { fromBits, randomWords } from '../encoders/number-texts.ts'

const bits = (values: ArrayLike<number>): number[] => [...new Uint32Array(Float32Array.from(values).buffer)]

/** What an array of literals is read as; null where it is left to the plain reader. */
function read(literals: readonly string[], separator = ','): Float32Array | null {
  return readNumberArray(Buffer.from(`[${literals.join(separator)}]`), 0).array?.data ?? null
}

/** What it must be, by JSON.parse; null where a number is none of float32. */
function plainly(text: string): { shape: readonly number[]; bits: number[] } | null {
  try {
    const { shape, data } = readNested(JSON.parse(text) as unknown[], '')
    return { shape, bits: bits(data) }
  } catch {
    return null
  }
}

/** All digits of a float64, or as many as there are places for; with `more`, others behind them. */
function exactText(value: number, more = ''): string {
  const [, digits, exponent] = /^([^e]*)(e.*)?$/.exec(value.toPrecision(100))!
  return `${digits!.includes('.') ? digits : `${digits}.0`}${more}${exponent ?? ''}`
}

/** Exactly half-way between a float32 and the next one, which float64 holds. */
const middles = (words: Uint32Array): Float64Array =>
  Float64Array.from(words, (word) => {
    const [low, high] = fromBits([word & 0x7f7fffff, (word & 0x7f7fffff) + 1])
    return (low! + high!) / 2
  }).filter(Number.isFinite)

describe('a literal is read as JSON.parse and Math.fround read it', () => {
  const count = 20_000
  const anyFloats = Array.from(fromBits(randomWords(count, 11))).filter(Number.isFinite)
  const normals = Array.from(randomWords(count, 12), (word, i) =>
    Math.fround((word / 2 ** 32 - 0.5) * 10 ** ((i % 7) - 3)),
  )
  const doubles = Array.from(new Float64Array(randomWords(2 * count, 13).buffer)).filter(
    (value) => Math.abs(value) < 3e38,
  )
  const ties = [...middles(randomWords(count, 14))]
  const families: Record<string, string[]> = {
    'float32 with 17 digits': [...anyFloats, ...normals].map(String),
    'float32 with nine digits': [...anyFloats, ...normals].map((value) => value.toPrecision(9)),
    'float64 of any exponent': doubles.map(String),
    'one to twenty digits': normals.map((value, i) => value.toPrecision((i % 20) + 1)),
    'with many zeros in front': normals.map((value, i) => (value * 10 ** -(i % 30)).toFixed(i % 60)),
    large: normals
      .map((value, i) => (value * 10 ** (i % 40)).toFixed(i % 10))
      .filter((text) => Math.abs(Number(text)) < 3e38),
    integers: Array.from(randomWords(count, 15), (word, i) => String(word >>> (i % 32))),
    'integers of many digits': Array.from(randomWords(count, 16), (word, i) =>
      `${word}${'0123456789'.repeat(4)}`.slice(0, (i % 38) + 1).replace(/^0+(?=.)/, ''),
    ),
    'subnormal float32': Array.from(randomWords(count, 17), (word) => String(fromBits([word & 0x807fffff])[0])),
    'subnormal float64': Array.from(randomWords(count, 18), (word) => String(word * 2 ** -1074)),
    'the middle between two float32': ties.map((value) => exactText(value)),
    'the middle, 17 digits': ties.map(String),
    'just above the middle': ties.map((value) => exactText(value, '0000000000000001')),
    'a float64 beside the middle': ties.flatMap((value) =>
      [1 + 2 ** -52, 1 - 2 ** -53].map((factor) => String(value * factor)),
    ),
    edges: [
      '0',
      '-0',
      '-0.0',
      '0e5',
      '-0e-400',
      '0.0e400',
      '1e-400',
      '-1e-400',
      '1e-45',
      '7e-46',
      '8e-46',
      '1.401298464324817e-45',
      '3.4028234663852886e38',
      '-3.4028235677973362e38',
      '9007199254740993',
      '90071992547409930e-1',
      '1e22',
      '1e23',
      '1e-22',
      '1e-23',
      '123456789e-30',
      '1E5',
      '1E+5',
      '1e-005',
      '10',
      '99.5',
      '100.25',
      '0.1',
      '1.17549435e-38',
      '2.3509887e-38',
      '1.1754943508222875e-38',
      '1.1754942807573643e-38',
      '1.1754942807573644e-38',
    ],
  }
  it.each(Object.entries(families))('%s', (_, texts) => {
    expect(texts.length).toBeGreaterThan(30)
    const expected = bits(texts.map(Number))
    for (const separator of [',', ', ', ' \r\n\t, ']) {
      const found = read(texts, separator)
      expect(found?.length).toBe(texts.length)
      const wrong = bits(found!).findIndex((word, i) => word !== expected[i])
      expect(wrong, texts[wrong]).toBe(-1)
    }
  })

  it('of 800 digits, and of more than the kernel sees at once', () => {
    const long = `0.${'1234567890'.repeat(80)}`
    const literals = [
      long,
      `${'0123456789'.repeat(80).slice(1)}e-790`,
      `1.${'0'.repeat(799)}1`,
      exactText(1 + 2 ** -24, `${'0'.repeat(800)}1`),
    ]
    expect(bits(read(literals)!)).toEqual(bits(literals.map(Number)))
    expect(read(['1', `0.${'5'.repeat(70_000)}`])).toBe(null)
  })

  it('any text of digits, point and exponent', () => {
    const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength })
    const whole = fc.oneof(
      fc.constant('0'),
      digits(25).map((text) => text.replace(/^0+(?=.)/, '')),
    )
    const fraction = fc.option(digits(40), { nil: undefined })
    const exponent = fc.option(
      fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.integer({ min: 0, max: 400 })),
      { nil: undefined },
    )
    const literal = fc
      .tuple(fc.constantFrom('', '-'), whole, fraction, exponent)
      .map(
        ([sign, before, after, power]) =>
          sign + before + (after === undefined ? '' : `.${after}`) + (power?.join('') ?? ''),
      )
    fc.assert(
      fc.property(fc.array(literal, { minLength: 1, maxLength: 4 }), (literals) => {
        const found = read(literals)
        expect(found && bits(found)).toEqual(plainly(`[${literals.join()}]`)?.bits ?? null)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('an array is read as the plain reader reads it, or left to it', () => {
  const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 })
  const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
  /** Rows of `shape`, each token followed by what `gap` says. */
  const textOf = (shape: readonly number[], gap: () => string, number: () => string): string =>
    shape.length === 0
      ? number() + gap()
      : `[${gap()}${Array.from({ length: shape[0]! }, () => textOf(shape.slice(1), gap, number)).join(`,${gap()}`)}]${gap()}`

  it('of any shape, with any space', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.infiniteStream(space),
        fc.infiniteStream(fc.float({ noNaN: true, noDefaultInfinity: true })),
        (shape, gaps, numbers) => {
          const text = textOf(
            shape,
            () => gaps.next().value!,
            () => JSON.stringify(numbers.next().value),
          ).trimEnd()
          const { array, end } = readNumberArray(Buffer.from(`"x":${text},"y":1`), 4)
          expect(end).toBe(4 + text.length)
          expect({ shape: array!.shape, bits: bits(array!.data) }).toEqual(plainly(text))
          expect(array!.toJSON()).toEqual(JSON.parse(text))
        },
      ),
    )
  })

  it('whatever of its text is changed', () => {
    const change = fc.tuple(
      fc.nat(),
      fc.constantFrom(
        '',
        '[',
        ']',
        ',',
        '1',
        '-',
        '.',
        'e',
        '0',
        ' ',
        '"',
        '{',
        ':',
        'null',
        '1e39',
        '1e400',
        ',,',
        '[]',
        '],[',
        '],',
        '\\',
        '\u0000',
        'NaN',
      ),
    )
    fc.assert(
      fc.property(shapes, fc.array(change, { minLength: 1, maxLength: 3 }), (shape, changes) => {
        let text = textOf(
          shape,
          () => '',
          () => '0.25',
        )
        for (const [place, put] of changes)
          text = text.slice(0, 1 + (place % text.length)) + put + text.slice(1 + (place % text.length) + 1)
        const { array, end } = readNumberArray(Buffer.from(text), 0)
        const expected = plainly(text.slice(0, end))
        if (array !== null) expect({ shape: array.shape, bits: bits(array.data) }).toEqual(expected)
        else expect(plainly(text)).toBe(null)
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    '[[1,2],[3]]',
    '[[1,2],3]',
    '[1,[2]]',
    '[[[[[1]]]]]',
    '[]',
    '[[]]',
    '[1,]',
    '[,1]',
    '[01]',
    '[1.]',
    '[.5]',
    '[+1]',
    '[-]',
    '[1e]',
    '[0x1]',
    '[1 2]',
    '[null]',
    '["1"]',
    '[1',
    '[1,2',
    '[',
    '[1e39]',
    '[3.4028235677973366e38]',
    '[1e400]',
    '[1,2}',
  ])('%s is left', (text) => {
    expect(readNumberArray(Buffer.from(text), 0).array).toBe(null)
  })

  it('when it is longer than the kernel sees at once, wherever that ends', () => {
    const random = randomWords(60_000, 21)
    for (const pad of Array.from({ length: 24 }, (_, i) => i)) {
      const rows = Array.from(
        { length: 20 },
        (_, row) =>
          `[${Array.from({ length: 1000 }, (_, i) => String(Math.fround(random[row * 1000 + i]! / 2 ** 31 - 1))).join(', ')}]`,
      )
      const text = `[${' '.repeat(pad)}${rows.join()}]`
      const { array } = readNumberArray(Buffer.from(text), 0)
      expect(array!.shape).toEqual([20, 1000])
      expect(bits(array!.data)).toEqual(plainly(text)!.bits)
    }
  })

  it('with more literals to decide than one call of the kernel leaves', () => {
    const literals = Array.from({ length: 1000 }, (_, i) =>
      i % 3 === 0 ? '1e-60' : exactText(1 + 2 ** -24, String(i % 10)),
    )
    expect(bits(read(literals)!)).toEqual(bits(literals.map(Number)))
  })
})
