import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { parseBody } from '../../src/http/read/body-arrays.ts'
import type { TSchema } from '@sinclair/typebox'
import { causal } from '../../src/http/attention/causal.ts'
import { readExperimentRequest } from '../../src/http/experiments/index.ts'
import { NumberArray } from '../../src/http/read/number-array.ts'
import type { ExperimentBody } from '../../src/http/experiments/bodies.ts'
import type { Chapter3Source } from '../../src/sources/chapter-3/source.ts'
import { validateBody } from '../../src/http/schemas/validate.ts'
import { contentOf } from '../../src/jobs/content.ts'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

const row = Array.from({ length: 768 }, (_, i) => Math.fround(Math.sin(i + 1)))
const rows = [row, row.map((value) => -value), row]
const model = { d_in: 768, d_out: 2 }
const weight = [row, row]
const parameters = {
  'W_query.weight': weight,
  'W_key.weight': { shape: [2, 768], data: [...row, ...row] },
  'W_value.weight': weight,
}

const parse = (text: string): unknown => JSON.parse(text)
const fast = (body: string): unknown => parseBody(Buffer.from(body), parse)

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

/** The request of a body, as a digest with its arrays' bytes; or the error with its places. */
function outcome(read: (body: string) => unknown, body: string): unknown {
  try {
    const value = read(body)
    validateBody(causal.docs.post.body as TSchema, value)
    const request = causal.read(value)
    const { input, parameters, ...rest } = (request.source as Chapter3Source).of
    const tensors = 'values' in input ? [input.values] : []
    if ('given' in parameters) tensors.push(...parameters.given.values())
    const arrays = tensors.map(({ shape, data }) => [
      shape,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ])
    return `read ${digest([rest, 'values' in input || input, request.engine, request.presentation, [...request.returns], arrays])}`
  } catch (error) {
    return error instanceof ServiceError ? { code: error.code, message: error.message, extra: error.extra } : 'no JSON'
  }
}

function expectSame(body: string): void {
  expect(outcome(fast, body)).toEqual(outcome(parse, body))
  let plain: unknown
  try {
    plain = parse(body)
  } catch {
    return
  }
  expect(digest(fast(body))).toBe(digest(plain))
}

describe('long arrays of numbers', () => {
  it.each([
    ['values', { model, input: { values: [rows] } }, 'input.values'],
    ['values of one sequence', { model, input: { values: rows } }, 'input.values'],
    ['flat data', { model, input: { shape: [3, 768], data: rows.flat() } }, 'input.data'],
    [
      'a nested parameter',
      { model: { ...model, parameters }, input: { randn: [1, 2, 768] } },
      'model.parameters.W_query.weight',
    ],
    [
      'a flat parameter',
      { model: { ...model, parameters }, input: { values: rows } },
      'model.parameters.W_key.weight.data',
    ],
  ])('are read at once: %s', (_, body, place) => {
    const text = JSON.stringify(body)
    const found = place.split('.').reduce<unknown>((value, key, i, keys) => {
      // The keys of parameters have a point themselves.
      const name = keys[i + 1] === 'weight' ? `${key}.weight` : key
      return key === 'weight' ? value : (value as Record<string, unknown>)[name]
    }, fast(text))
    expect(found).toBeInstanceOf(NumberArray)
    expect(outcome(fast, text)).toMatch(/^read /)
    expectSame(text)
  })

  it.each([
    ['a string with one', [row.join(), `[${row.join()}]`]],
    ['a quote in a string', ['"']],
    ['a backslash at the end of a string', ['\\']],
    ['both', ['\\"']],
    ['brackets in strings', ['["', ']["]', '[', ']']],
    ['short arrays', [[1], [[2, 3]], [], [[]], ['[4]']]],
  ])('are found behind %s', (_, others) => {
    const text = JSON.stringify({ others, input: { values: rows } })
    expect((fast(text) as { input: { values: unknown } }).input.values).toBeInstanceOf(NumberArray)
    expect(digest(fast(text))).toBe(digest(parse(text)))
  })

  it('make the same job as any other form of the same values', () => {
    const base64 = Buffer.from(Float32Array.from(rows.flat()).buffer).toString('base64')
    const [nested, flat, binary] = [
      { values: [rows] },
      { shape: [1, 3, 768], data: rows.flat() },
      { shape: [1, 3, 768], base64 },
    ].map((input) =>
      contentOf('', '', readExperimentRequest('bias', fast(JSON.stringify({ model, input })) as ExperimentBody)),
    )
    expect([nested, flat]).toEqual([binary, binary])
  })

  const values = JSON.stringify(rows)
  const body = (input: string, more = ''): string => `{"model":${JSON.stringify(model)},"input":${input}${more}}`
  const edges: Record<string, string> = {
    'where no tensor may stand': body(`{"values":${values}}`, `,"heads":${JSON.stringify(row)}`),
    'in an unknown key': body(`{"values":${values}}`, `,"extra":${values}`),
    'as the input': body(values),
    'as the model': `{"model":${values},"input":{"values":${values}}}`,
    'as parameters': `{"model":{"d_in":768,"d_out":2,"parameters":${values}},"input":{"values":${values}}}`,
    'as a shape': body(`{"shape":${JSON.stringify(row)},"data":${values}}`),
    'as base64': body(`{"shape":[3,768],"base64":${values}}`),
    'as randn': body(`{"randn":${JSON.stringify(row)}}`),
    'as tokens': body(`{"values":${values}}`, `,"tokens":${values}`),
    'nested where they must be flat': body(`{"shape":[3,768],"data":${values}}`),
    'nested where they must be flat, as many as the shape says': body(`{"shape":[3],"data":${values}}`),
    'flat, another number': body(`{"shape":[2,768],"data":${JSON.stringify(rows.flat())}}`),
    'flat with a stray key': body(`{"shape":[3,768],"data":${JSON.stringify(rows.flat())},"seed":1}`),
    'of one axis': body(`{"values":${JSON.stringify(row)}}`),
    'of four axes': body(`{"values":[[${values}]]}`),
    'of five axes': body(`{"values":[[[${values}]]]}`),
    'of another width': body(`{"values":[[${row.join()},1]]}`),
    twice: body(`{"values":${values},"values":[[${row.join()}]]}`),
    'twice, the last one something else': body(`{"values":${values},"values":"text"}`),
    'twice, the last one ragged': body(`{"values":${values},"values":[[${row.join()}],[1]]}`),
    ragged: body(`{"values":[[${row.join()}],[${row.slice(1).join()}],[${row.join()}]]}`),
    'with a null': body(`{"values":[[${row.join()}],[${row.slice(1).join()},null]]}`),
    'with a string': body(`{"values":[[${row.join()}],["${row.join()}"],[${row.join()}]]}`),
    'too large for float32': body(`{"values":[[${row.join()}],[${row.slice(1).join()},1e39]]}`),
    'too large for float64': body(`{"values":[[${row.join()}],[${row.slice(1).join()},-1e999]]}`),
    'with a comma too many': body(`{"values":[[${row.join()},]]}`),
    'cut off': body(`{"values":${values}}`).slice(0, -10),
    'cut off in a number': body(`{"values":${values}}`).slice(0, 20_000),
    'followed by something': `${body(`{"values":${values}}`)}]`,
    'in a string': body(`{"values":${values}}`, `,"tokens":["${values}","\\"","${values}\\\\","[1"]`),
    'in a string behind a backslash': body(
      `{"values":${values}}`,
      `,"tokens":["\\\\","\\"${values}","b","\\\\\\"${values}"]`,
    ),
    'behind brackets in strings': body(`{"values":${values}}`, ',"tokens":["[","]]","[1,2,3]"]').replace(
      '{"model"',
      '{"mode":"[eval","model"',
    ),
    'with other letters around': body(`{"values":${values}}`, ',"tokens":["\u00e4\u20ac","\ud83d\ude00","\u00e4[1]"]'),
    alone: values,
    'in a place by an inherited name': body(`{"values":${values}}`, ',"constructor":{"values":1}'),
  }
  it.each(Object.entries(edges))('%s: as if read one by one', (_, text) => {
    expect(text.length).toBeGreaterThan(2048)
    expectSame(text)
  })

  it('whatever of the body is changed', () => {
    const text = body(
      `{"values":${JSON.stringify([row.slice(0, 300).map((value) => Number(value.toFixed(2))), row.slice(300, 600)])}}`,
      ',"return":["weights"],"tokens":["a","b\\"["]',
    ).replaceAll('768', '300')
    expect(outcome(fast, text)).toMatch(/^read /)
    const place = fc.oneof(
      fc.nat(text.length - 1),
      fc.nat(120),
      fc.integer({ min: text.length - 120, max: text.length - 1 }),
    )
    const change = fc.tuple(
      place,
      fc.nat(2),
      fc.constantFrom(
        '',
        '[',
        ']',
        ',',
        '1',
        '-',
        '.',
        'e5',
        ' ',
        '"',
        '\\',
        '{',
        '}',
        ':',
        'null',
        '1e400',
        '[]',
        '],[',
        '\u0000',
        '\u20ac',
      ),
    )
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        expectSame(
          changes.reduce((changed, [at, length, put]) => changed.slice(0, at) + put + changed.slice(at + length), text),
        )
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a service that gets them', () => {
  let service: Service
  beforeAll(async () => {
    service = await startService()
  })
  afterAll(() => service.close())
  const post = (payload: string | Buffer) =>
    service.app.inject({
      method: 'POST',
      url: '/attention/causal',
      payload,
      headers: { 'content-type': 'application/json' },
    })

  it('computes with the same numbers as of base64', async () => {
    const base64 = Buffer.from(Float32Array.from(rows.flat()).buffer).toString('base64')
    const [inline, binary] = await Promise.all(
      [{ values: rows }, { shape: [3, 768], base64 }].map((input) =>
        post(JSON.stringify({ model, input, return: ['input', 'weights'] })),
      ),
    )
    expect(inline!.statusCode).toBe(200)
    expect(digest(inline!.json())).toBe(digest(binary!.json()))
  })

  const negated = `,${-row[700]!},` // stands in the second row alone
  it.each([
    ['a null', '/input/values/1/700', (text: string) => text.replace(negated, ',null,')],
    ['a number too large', '/input/values/1/700', (text: string) => text.replace(negated, ',1e39,')],
    ['a short row', '/input/values/1', (text: string) => text.replace(negated, ',')],
    ['__proto__', '', (text: string) => text.replace('"input":{', '"input":{"__proto__":{},')],
    [
      'constructor.prototype',
      '',
      (text: string) => text.replace('"input":{', '"constructor":{"prototype":1},"input":{'),
    ],
    ['a cut', '', (text: string) => text.slice(0, -2)],
  ])('names the place: %s', async (_, place, change) => {
    const text = change(JSON.stringify({ model, input: { values: rows } }))
    const answer = await post(text)
    expect(answer.statusCode).toBe(400)
    expect((answer.json() as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual([place])
  })

  it('refuses what is not UTF-8 behind them', async () => {
    const text = Buffer.from(JSON.stringify({ model, input: { values: rows }, tokens: ['aXb', 'b', 'c'] }))
    text[text.indexOf('X')] = 0xff
    expect((await post(text)).json()).toMatchObject({ code: 'invalid-json' })
  })
})
