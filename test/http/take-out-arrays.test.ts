import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { parseBody } from '../../src/http/read/body-arrays.ts'
import { endOfString, pointerAt } from '../../src/http/read/json-text.ts'

const read = (text: string): unknown => parseBody(Buffer.from(text), JSON.parse)

/** The code and the places of a body that is refused before it becomes values. */
function refusal(text: string): { code: string; places: string[] } {
  try {
    read(text)
  } catch (error) {
    if (error instanceof ServiceError) return { code: error.code, places: error.places.map(({ path }) => path) }
    throw error
  }
  throw new Error('it was read')
}

const many = (count: number, unit: string): string => Array.from({ length: count }, () => unit).join()
const keys = (count: number): string => Array.from({ length: count }, (_, i) => `"k${i}":1`).join()

describe('what a body may have beside its tensors', () => {
  it.each([
    ['numbers', `{"a":[${many(2_000_001, 'true')}]}`, '/a/2000000'],
    ['strings', `{"a":{"b":[${many(200_000, '"x"')}]}}`, '/a/b/199997'],
    ['objects', `{"a":[0,[${many(200_000, '{}')}]]}`, '/a/1/199997'],
    ['arrays', `{"a":[${many(200_000, '[]')}]}`, '/a/199998'],
    ['keys', `{"a":1,"b":{${keys(50_000)}}}`, '/b/k49998'],
  ])('too many %s are refused where they become too many', (_, text, place) => {
    expect(refusal(text)).toEqual({ code: 'body-too-large', places: [place] })
  })

  it.each([
    ['numbers', `[${many(1_999_000, '1')}]`],
    ['words', `[${many(1_999_000, 'null')}]`],
    ['strings', `[${many(199_000, '"a,b:[{"')}]`],
    ['keys', `{${keys(49_000)}}`],
    ['arrays in arrays', `${'['.repeat(60)}${many(2_000, '1')}${']'.repeat(60)}`],
  ])('as many %s as it may have are read', (_, text) => {
    expect(JSON.stringify(read(text))).toBe(text)
  })

  it('a long array of numbers counts where no tensor may stand, and does not where one may', () => {
    const numbers = `[${many(2_000_001, '1')}]`
    expect(refusal(`{"heads":${numbers},"input":{"values":${numbers}}}`)).toEqual({
      code: 'body-too-large',
      places: ['/heads'],
    })
    expect(() => read(`{"input":{"values":${numbers}}}`)).not.toThrow()
    expect(refusal(`{"a":{"b":[${many(1_500_000, '1')}],"c":[${many(600_000, '1')}]}}`).places).toEqual(['/a/c'])
  })

  it('the same key twice: the last one counts', () => {
    const numbers = `[${many(2_000, '1')}]`
    expect(read(`{"input":{"values":${numbers},"values":[[7]]}}`)).toEqual({ input: { values: [[7]] } })
  })

  it.each([
    ['arrays', `{"input":{"values":${'['.repeat(3_000)}`, '/input/values'],
    ['objects', '{"a":'.repeat(2_000), '/a/a/a/a'],
    ['arrays alone', '['.repeat(3_000), ''],
  ])('%s in each other without end', (_, text, place) => {
    expect(refusal(text)).toEqual({ code: 'invalid-request', places: [place] })
  })

  const row = many(100_000, '0.5')
  it.each([
    ['null', `[[${row},null,${row}]]`, '/input/values/0/100000'],
    ['a number that float32 cannot hold', `[[${row}],[1,1e39,${row}]]`, '/input/values/1/1'],
    ['the least one that it cannot hold', `[[${row},3.4028235677973367e38]]`, '/input/values/0/100000'],
    ['a shorter row', `[[${row}],[${row},1]]`, '/input/values/1'],
    ['an array among numbers', `[[${row},[1],${row}]]`, '/input/values/0/100000'],
  ])('a very long array of numbers names its place: %s', (_, values, place) => {
    expect(refusal(`{"input":{"values":${values}}}`)).toEqual({ code: 'invalid-request', places: [place] })
  })

  it('and is no JSON where it does not end', () => {
    for (const end of ['', ']', ',', '.', '-', '1e'])
      expect(() => read(`{"input":{"values":[[${row}${end}`), end).toThrow(SyntaxError)
  })
})

describe('steps through a text', () => {
  it('end a string where JSON does', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '"', '\\', 'é', ' '), maxLength: 120 }), (text) => {
        const json = Buffer.from(JSON.stringify(text))
        const body = Buffer.concat([Buffer.from('[ '), json, Buffer.from(', "more" ]')])
        expect(endOfString(body, 2)).toBe(2 + json.length)
      }),
    )
  })

  it('find the keys and places of every value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 2, '\t'), (value, space) => {
        // Every leaf becomes a number of its own, which is then looked for.
        const places: (string | number)[][] = []
        const numbered = (node: unknown, path: (string | number)[]): unknown => {
          if (Array.isArray(node)) return node.map((child, i) => numbered(child, [...path, i]))
          if (node !== null && typeof node === 'object')
            return Object.fromEntries(
              Object.entries(node).map(([key, child]) => [key, numbered(child, [...path, key])]),
            )
          return 1_000_000_000 + places.push(path)
        }
        const text = JSON.stringify(numbered(value, []), null, space)
        const body = Buffer.from(text)
        places.forEach((place, i) => {
          expect(pointerAt(body, body.indexOf(String(1_000_000_001 + i)))).toEqual(place)
        })
      }),
    )
  })
})
