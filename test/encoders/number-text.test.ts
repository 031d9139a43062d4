import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ArrayView } from '../../src/encoders/array-view.ts'
import { tensorView } from '../../src/encoders/array-view.ts'
import { textBytes } from '../../src/encoders/blocks.ts'
import { numberText } from '../../src/encoders/number-definition.ts'
import { NumberSink } from '../../src/encoders/number-sink.ts'
import { flatRuns, nestedRuns, writeRun } from '../../src/encoders/number-text.ts'
import { writePart } from '../../src/encoders/pieces.ts'
import { flat, fromBits, line, nested, randomWords, texts } from './number-texts.ts'

/** (maps, size, size), row i of which has i + 1 numbers of its own. */
function causal(maps: number, size: number, masked: number): ArrayView {
  const data = Float32Array.from({ length: maps * size * size }, (_, i) => Math.fround(1 / (i + 3)))
  return {
    shape: [maps, size, size],
    masked,
    rowCount: maps * size,
    row: (row) => ({ data, offset: row * size, first: 0, end: (row % size) + 1 }),
  }
}

/** The same by JSON.stringify. */
function plainly(array: ArrayView): string {
  const width = array.shape.at(-1)!
  let rows: unknown[] = Array.from({ length: array.rowCount }, (_, row) => {
    const { data, offset, first, end } = array.row(row)
    return Array.from({ length: width }, (_, column) =>
      numberText(column >= first && column < end ? data[offset + column - first]! : array.masked),
    )
  })
  for (let axis = array.shape.length - 2; axis > 0; axis--) {
    const size = array.shape[axis]!
    rows = Array.from({ length: rows.length / size }, (_, i) => rows.slice(i * size, (i + 1) * size))
  }
  return JSON.stringify(array.shape.length === 1 ? rows[0] : rows).replaceAll('"', '')
}

describe('a float32 as text', () => {
  it('reads back for two million bit patterns', () => {
    const bits = randomWords(2_000_000, 1)
    const values = fromBits(bits)
    const back = JSON.parse(`[${flat(line(values))}]`) as (number | null)[]
    const wrong = back.findIndex((value, i) =>
      Number.isFinite(values[i]!) ? !Object.is(Math.fround(value ?? NaN), values[i]) : value !== null,
    )
    expect(wrong).toBe(-1)
  })

  const families: Record<string, Float32Array> = {
    'any bits': fromBits(randomWords(20_000, 2)),
    'uniform weights': Float32Array.from(randomWords(20_000, 3), (word) => word / 2 ** 32),
    'weights of a peaked softmax': Float32Array.from(randomWords(20_000, 4), (word) =>
      Math.exp((-100 * word) / 2 ** 32),
    ),
    'signed scores': Float32Array.from(randomWords(20_000, 5), (word) => word / 2 ** 28 - 8),
    'from 2^-14 to 2, of both signs': fromBits(
      randomWords(40_000, 9).map(
        (word) => ((word & 0x80000000) | ((113 << 23) + ((word & 0x7fffffff) % (14 << 23)))) >>> 0,
      ),
    ),
    subnormals: fromBits([
      ...randomWords(20_000, 6).map((word) => word >>> (9 + (word & 15))),
      1,
      2,
      3,
      0x7fffff,
      0x800000,
    ]),
    'few bits, among them ties': fromBits(randomWords(20_000, 7).map((word) => word & (0xffffffff << (word % 23)))),
    'every power of two and its neighbours': fromBits(
      Array.from({ length: 254 * 3 }, (_, i) => ((((i / 3) | 0) + 1) << 23) - 1 + (i % 3)),
    ),
    'every subnormal power of two': fromBits(Array.from({ length: 23 }, (_, i) => 1 << i)),
    integers: Float32Array.from({ length: 20_000 }, (_, i) => i * i),
    'powers of ten': Float32Array.from({ length: 84 }, (_, i) => 10 ** (i - 45)),
    'the one that JSON readers round twice': fromBits([0x15ae43fc, 0x15ae43fd, 0x95ae43fd, 0x15ae43fe]),
    edges: Float32Array.of(
      0,
      -0,
      1,
      -1,
      NaN,
      Infinity,
      -Infinity,
      2 ** 24,
      2 ** 24 - 1,
      2 ** -30,
      3.4028235e38,
      1e-45,
      999999999,
      1e9,
      0.0001,
      0.000099999,
    ),
  }

  it.each(Object.entries(families))('is the shortest: %s', (_, values) => {
    expect(texts(values)).toStrictEqual(Array.from(values, numberText))
  })
})

describe('two float32 side by side', () => {
  const alone = (values: Float32Array): string =>
    flat({
      shape: [values.length, 1],
      masked: 0,
      rowCount: values.length,
      row: (row) => ({ data: values, offset: row, first: 0, end: 1 }),
    })

  it('are the text of each alone, for every 17th from 2^-14 to 2', () => {
    for (let from = 113 << 23; from < 128 << 23; from += 17 << 16) {
      const values = fromBits(Uint32Array.from({ length: 1 << 16 }, (_, i) => from + 17 * i))
      expect(flat(line(values)) === alone(values), `from ${from}`).toBe(true)
    }
  })

  it('are found with any sign and beside any other', () => {
    const fractions = fromBits(
      randomWords(10_000, 10).map(
        (word) => ((word & 0x80000000) | ((114 << 23) + ((word & 0x7fffffff) % (13 << 23)))) >>> 0,
      ),
    )
    const others = fromBits(randomWords(10_000, 11))
    for (const order of [0, 1]) {
      const values = Float32Array.from({ length: 20_000 }, (_, i) => (i % 2 === order ? fractions : others)[i >> 1]!)
      expect(flat(line(values))).toBe(alone(values))
    }
  })
})

describe('an array as text', () => {
  it('nests as JSON does', () => {
    expect(nested(tensorView({ shape: [3], data: Float32Array.of(0.5, -2, 3e-10) }))).toBe('[0.5,-2,3e-10]')
    expect(nested(tensorView({ shape: [2, 1, 2], data: Float32Array.of(1, 2, 3, 4) }))).toBe('[[[1,2]],[[3,4]]]')
    expect(flat(tensorView({ shape: [2, 1, 2], data: Float32Array.of(1, 2, 3, 4) }))).toBe('1,2,3,4')
  })

  it('fills rows up with the masked value', () => {
    expect(nested(causal(1, 3, 0))).toBe('[[[0.33333334,0,0],[0.16666667,0.14285715,0],[0.11111111,0.1,0.09090909]]]')
    expect(nested(causal(1, 2, -Infinity))).toBe('[[[0.33333334,null],[0.2,0.16666667]]]')
    expect(flat(causal(1, 2, -1.25))).toBe('0.33333334,-1.25,0.2,0.16666667')
  })

  it('is the same as row by row for any shape and any visible part, wherever it begins', () => {
    const arrays = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
      visible: fc.func(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }))),
      masked: fc.constantFrom(0, -Infinity, Math.fround(0.1), Math.fround(-1.17549435e-38)),
    })
    fc.assert(
      fc.property(arrays, ({ shape, visible, masked }) => {
        const width = shape.at(-1)!
        const count = shape.reduce((product, length) => product * length)
        const data = Float32Array.from(randomWords(count, count), (word) => word / 2 ** 30)
        const array: ArrayView = {
          shape,
          masked,
          rowCount: count / width,
          row(row) {
            const [first, end] = visible(row)
              .map((key) => Math.min(key, width))
              .sort((a, b) => a - b) as [number, number]
            return { data, offset: row * width, first, end }
          },
        }
        expect(nested(array)).toBe(plainly(array))
        expect(`[${flat(array)}]`).toBe(plainly({ ...array, shape: [count], rowCount: 1, row: () => wholeRow(array) }))
      }),
    )
  })

  it('holds more rows and longer rows than become text at once', () => {
    for (const size of [1, 90, 200]) expect(nested(causal(2, size, 0))).toBe(plainly(causal(2, size, 0)))
    const data = Float32Array.from(randomWords(3 * 20_000, 8), (word) => word / 2 ** 32)
    const wide: ArrayView = {
      shape: [3, 1, 20_000],
      masked: 0,
      rowCount: 3,
      row: (row) => ({ data, offset: row * 20_000, first: row * 4000, end: 3 + row * 8191 }),
    }
    expect(nested(wide)).toBe(plainly(wide))
    const tall = tensorView({ shape: [5000, 2, 1], data: data.subarray(0, 10_000) })
    expect(nested(tall)).toBe(plainly(tall))
  })

  it('comes in runs, each of which fits a block, in any order', () => {
    const array = causal(1, 1025, 0)
    const parts = [...nestedRuns(array)]
    expect(parts.length).toBeGreaterThan(10)
    const pieces = parts.toReversed().map((part) => {
      const sink = new NumberSink()
      writePart(part, sink)
      const piece = sink.take()
      expect(piece.length).toBeLessThanOrEqual(textBytes)
      return piece.toString()
    })
    expect(pieces.toReversed().join('')).toBe(plainly(array))
    expect(parts.filter((part) => typeof part !== 'string' && part.large).length).toBeGreaterThanOrEqual(
      parts.length - 2,
    )
  })

  it('has runs of one row where a block holds no row', () => {
    const wide: ArrayView = {
      shape: [3, 40_000],
      masked: 0,
      rowCount: 3,
      row: (row) => ({ data: new Float32Array(40_000).fill(1 / 3), offset: 0, first: 0, end: 40_000 - row }),
    }
    expect(Array.from(flatRuns(wide), ({ from, to, large }) => [from, to, large])).toEqual([
      [0, 1, false],
      [1, 2, false],
      [2, 3, false],
    ])
    expect(nested(wide)).toBe(plainly(wide))
  })
})

describe('a sink', () => {
  it('takes text and numbers in turn, in UTF-8', () => {
    const sink = new NumberSink()
    sink.text('{"weights \u2264 1":[')
    for (const run of flatRuns(line(Float32Array.of(0.25, 0.75)))) writeRun(run, sink)
    sink.text(`],"note":"${'x'.repeat(100_000)}"}`)
    expect(JSON.parse(sink.take().toString())).toStrictEqual({
      'weights \u2264 1': [0.25, 0.75],
      note: 'x'.repeat(100_000),
    })
    expect(sink.take().length).toBe(0)
  })

  it('is full from 256 KiB on', () => {
    const sink = new NumberSink()
    sink.text('x'.repeat(256 * 1024 - 1))
    expect(sink.full).toBe(false)
    sink.text('x')
    expect(sink.full).toBe(true)
    sink.take()
    expect(sink.full).toBe(false)
  })
})

/** All numbers of an array as one row. */
function wholeRow(array: ArrayView) {
  const width = array.shape.at(-1)!
  const data = Float32Array.from({ length: array.rowCount * width }, (_, i) => {
    const { data, offset, first, end } = array.row(Math.floor(i / width))
    const column = i % width
    return column >= first && column < end ? data[offset + column - first]! : array.masked
  })
  return { data, offset: 0, first: 0, end: data.length }
}
