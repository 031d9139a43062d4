import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultOf } from '../../src/http/read/json-fault.ts'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

const fault = (text: string) => faultOf(Buffer.from(text))

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('where a text stops being JSON', () => {
  it.each([
    ['{"a": 1,}', 1, 9, 'a key in double quotes', '}'],
    ['[1, 2,]', 1, 7, 'a value', ']'],
    ['', 1, 1, 'a value', 'the end of the body'],
    ['  \n', 2, 1, 'a value', 'the end of the body'],
    ['{"a": 1', 1, 8, 'a comma or }', 'the end of the body'],
    ['{', 1, 2, 'a key in double quotes, or }', 'the end of the body'],
    ['[', 1, 2, 'a value, or ]', 'the end of the body'],
    ["{'a': 1}", 1, 2, 'a key in double quotes, or }', "'"],
    ['{a: 1}', 1, 2, 'a key in double quotes, or }', 'a'],
    ['{"a" 1}', 1, 6, 'a colon', '1'],
    ['{"a": }', 1, 7, 'a value', '}'],
    ['{"a": None}', 1, 7, 'a value', 'None'],
    ['{"a": True}', 1, 7, 'a value', 'True'],
    ['{"a": NaN}', 1, 7, 'a value', 'NaN'],
    ['{"a": -Infinity}', 1, 8, 'a digit', 'Infinity'],
    ['{"a": nul}', 1, 10, 'null', '}'],
    ['{"a": truth}', 1, 10, 'true', 'th'],
    ['{"a": 1 "b": 2}', 1, 9, 'a comma or }', '"'],
    ['{"a": [1 2]}', 1, 10, 'a comma or ]', '2'],
    ['{"a": [1}', 1, 9, 'a comma or ]', '}'],
    ['{"a": 1]', 1, 8, 'a comma or }', ']'],
    ['{"a": 1}}', 1, 9, 'nothing after the value', '}'],
    ['{"a": 01}', 1, 8, 'no digit after a leading 0', '1'],
    ['{"a": 1.}', 1, 9, 'a digit', '}'],
    ['{"a": .5}', 1, 7, 'a value', '.5'],
    ['{"a": +1}', 1, 7, 'a value', '+1'],
    ['{"a": 1e}', 1, 9, 'a digit', '}'],
    ['{"a": 0x1F}', 1, 8, 'a comma or }', 'x1F'],
    ['{"a": "b}', 1, 10, 'the double quote that ends the string', 'the end of the body'],
    ['{"a": "b\nc"}', 1, 9, 'an escape such as \\n or \\u0009 for it', 'a line break'],
    ['{"a": "\\x"}', 1, 9, 'one of " \\ / b f n r t u after the backslash', 'x'],
    ['{"a": "\\u12G4"}', 1, 12, 'four hexadecimal digits after \\u', 'G4'],
    ['{\n  "a": 1, // one\n  "b": 2\n}', 2, 11, 'a key in double quotes', '/'],
    ['{\r\n"a": 1\r\n"b": 2}', 3, 1, 'a comma or }', '"'],
    ['{"ü€😀": 1 2}', 1, 11, 'a comma or }', '2'],
    ['{“a”: 1}', 1, 2, 'a key in double quotes, or }', '“ (U+201C)'],
    ['{"a":\u00a01}', 1, 6, 'a value', 'U+00A0'],
    ['\ufeff[1 2]', 1, 4, 'a comma or ]', '2'],
    [`${'[\n'.repeat(30)}1 2`, 31, 3, 'a comma or ]', '2'],
  ])('%j', (text, line, column, expected, found) => {
    expect(isJson(text)).toBe(false)
    expect(fault(text)).toMatchObject({ line, column, expected, found })
  })

  it('is nowhere in JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\t'), (json, space) => {
        expect(fault(json)).toBeNull()
        expect(fault(JSON.stringify(JSON.parse(json), null, space))).toBeNull()
      }),
      { seed: 11, numRuns: 300 },
    )
  })

  it('is where JSON.parse refuses, and the first such place', () => {
    const cuts = fc.record({ json: fc.json(), at: fc.nat(), remove: fc.nat({ max: 3 }) })
    const insert = fc.constantFrom('', ...'{}[],:"\\\'-+.0e1 \n\t', '\u0001', 'tru', 'é', '\\u00e9', '//')
    fc.assert(
      fc.property(cuts, insert, ({ json, at, remove }, put) => {
        const place = at % (json.length + 1)
        const bytes = Buffer.from(json.slice(0, place) + put + json.slice(place + remove))
        const text = bytes.toString() // a cut surrogate pair is no longer one
        const found = faultOf(bytes)
        expect(found === null).toBe(isJson(text))
        if (found === null) return
        // Up to the place all is well: what is left only ends too early. With the next byte it is wrong whatever follows.
        const rest = faultOf(bytes.subarray(0, found.offset))
        expect(rest?.offset ?? found.offset).toBe(found.offset)
        if (found.offset < bytes.length) {
          expect(faultOf(bytes.subarray(0, found.offset + 1))!.offset).toBe(found.offset)
          expect(found.found).not.toBe('the end of the body')
        } else expect(found.found).toBe('the end of the body')
        const before = bytes.toString('utf8', 0, found.offset)
        expect(found.line).toBe(before.split('\n').length)
        expect(found.column).toBe([...before.split('\n').at(-1)!].length + 1)
      }),
      { seed: 11, numRuns: 2000 },
    )
  })

  it('is found in a deeply nested and in a long text', () => {
    expect(fault(`${'['.repeat(1e6)}}`)).toMatchObject({ column: 1e6 + 1, found: '}' })
    const numbers = Array.from({ length: 3e5 }, (_, i) => i / 7).join()
    expect(fault(`{"input": {"values": [[${numbers},]]}}`)).toMatchObject({ column: 25 + numbers.length, found: ']' })
  })
})

describe('a body that is not JSON', () => {
  let service: Service
  beforeAll(async () => {
    service = await startService()
  })
  afterAll(() => service.close())

  const post = (payload: string) =>
    service.app.inject({
      method: 'POST',
      url: '/attention/causal',
      payload,
      headers: { 'content-type': 'application/json' },
    })

  it('is told line, column and what was found', async () => {
    const answer = await post('{"a": 1,}')
    expect(answer.statusCode).toBe(400)
    const message = 'is not valid JSON at line 1, column 9: expected a key in double quotes; found }'
    expect(answer.json()).toMatchObject({
      code: 'invalid-json',
      detail: `The body ${message}.`,
      errors: [{ path: '', message }],
      line: 1,
      column: 9,
    })
  })

  const many = (count: number): string => Array.from({ length: count }, (_, i) => i / 8).join(', ')
  const bodyOf = (values: string, more = ''): string =>
    `{\n "model": {"d_in": 1, "d_out": 1},\n "input": {"values": ${values}}${more}\n}`
  it.each([
    ['a comma behind the last number', (numbers: string) => bodyOf(`[[${numbers},]]`), ']'],
    ['a word among the numbers', (numbers: string) => bodyOf(`[[${numbers}, NaN]]`), 'NaN'],
    ['a comma behind the array', (numbers: string) => bodyOf(`[[${numbers}]],`), '}'],
    ['something behind the arrays', (numbers: string) => bodyOf(`[[${numbers}]]`, ', "return": [context]'), 'context'],
    ['an end too early', (numbers: string) => bodyOf(`[[${numbers}]]`).slice(0, -2), 'the end of the body'],
  ])('is told so however long its arrays are: %s', async (_, make, found) => {
    for (const count of [2, 200, 3_000, 60_000]) {
      const body = make(many(count))
      const answer = await post(body)
      expect(answer.json(), String(count)).toMatchObject({ code: 'invalid-json' })
      const { detail, line, column } = answer.json()
      expect(detail).toContain(`found ${found}.`)
      const rest = body
        .split('\n')
        .slice(line - 1)
        .join('\n')
        .slice(column - 1)
      expect(rest.startsWith(found === 'the end of the body' ? '' : found)).toBe(true)
      if (found === 'the end of the body') expect(rest).toBe('')
    }
  })
})

describe('long arrays of numbers, which are passed at once', () => {
  const row = Array.from({ length: 400 }, (_, i) => (i % 3 === 0 ? String(i) : `-${i / 7}e-${i % 9}`)).join(', ')
  const values = `[[[${row}],\n [${row}]]]`
  const inRow = fc.oneof(
    fc.integer({ min: 3, max: row.length }),
    fc.integer({ min: row.length + 10, max: values.length - 6 }),
  )
  const put = fc.constantFrom('', ',', '1', '-', '.', 'e5', ' ', '"', 'null', '01', '1e400', '[]', '[1]', '{}', '\n')

  it('have their faults where they would have been found value by value', () => {
    fc.assert(
      fc.property(inRow, fc.nat(2), put, (at, length, text) => {
        const changed = values.slice(0, at) + text + values.slice(at + length)
        // Only the members of objects are passed at once.
        const [member, entry] = [fault(`{"a":${changed}}`), fault(`["a",${changed}]`)]
        expect(member === null).toBe(isJson(`{"a":${changed}}`))
        expect(member).toEqual(entry)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are looked at no further than asked', () => {
    const body = Buffer.from(`{"a":[${row},null,${row}],"b":[1 2]}`)
    expect(faultOf(body, body.indexOf('null'))).toBeNull()
    expect(faultOf(body)).toMatchObject({ found: '2' })
  })
})
