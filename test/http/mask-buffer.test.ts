import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const identity = [
  [1, 0],
  [0, 1],
]
const weights = { 'W_query.weight': identity, 'W_key.weight': identity, 'W_value.weight': identity }

function post(masks: object, model: object = {}, kind = 'causal', length = 2) {
  const heads = Array.from({ length: 2 }, (_, head) =>
    Object.entries(weights).map(([name, value]) => [`heads.${head}.${name}`, value] as const),
  )
  const parameters = kind === 'causal' ? weights : Object.fromEntries(heads.flat())
  return service.app.inject({
    method: 'POST',
    url: `/attention/${kind}`,
    payload: {
      model: { d_in: 2, d_out: 2, parameters: { ...parameters, ...masks }, ...model },
      input: { randn: [1, length, 2] },
    },
  })
}

const cells = (side: number): number[] =>
  Array.from({ length: side * side }, (_, i) => (i % side > Math.floor(i / side) ? 1 : 0))
const nested = <T>(side: number, of: (cell: number) => T): T[][] =>
  Array.from({ length: side }, (_, row) =>
    cells(side)
      .slice(row * side, (row + 1) * side)
      .map(of),
  )
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer).toString('base64')

const forms: Record<string, (side: number) => unknown> = {
  numbers: (side) => nested(side, Number),
  booleans: (side) => nested(side, Boolean),
  'flat numbers': (side) => ({ shape: [side, side], data: cells(side) }),
  'flat booleans': (side) => ({ shape: [side, side], data: cells(side).map(Boolean) }),
  'float32 in base64': (side) => ({
    shape: [side, side],
    base64: base64(new Uint8Array(Float32Array.from(cells(side)).buffer)),
  }),
  'bytes in base64': (side) => ({ shape: [side, side], base64: base64(Uint8Array.from(cells(side))) }),
}

describe('a mask among the parameters', () => {
  it.each(Object.keys(forms))('says the context length, as %s', async (name) => {
    for (const side of [2, 3, 6, 7, 64]) {
      const answer = await post({ mask: forms[name]!(side) })
      expect(answer.statusCode, answer.body).toBe(200)
      expect(answer.json().model.context_length).toBe(side)
    }
  })

  it.each(Object.keys(forms))('is refused where it is not the causal one, as %s', async (name) => {
    const flip = (mask: unknown): unknown => {
      const text = JSON.stringify(mask)
      if (text.includes('base64'))
        return { ...(mask as object), base64: (forms[name]!(6) as { base64: string }).base64.replace(/A/, 'B') }
      return JSON.parse(text.includes('true') ? text.replace('true', 'false') : text.replace('1', '0'))
    }
    const answer = await post({ mask: flip(forms[name]!(6)) })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].path).toMatch(/^\/model\/parameters\/mask/)
  })

  it('is one a head in the wrapper, all of one size', async () => {
    const model = { num_heads: 2, out_proj: false }
    const both = { 'heads.0.mask': nested(5, Boolean), 'heads.1.mask': nested(5, Number) }
    expect((await post(both, model, 'multi-head-wrapper')).json().model.context_length).toBe(5)
    const one = { 'heads.1.mask': nested(5, Boolean) }
    expect((await post(one, model, 'multi-head-wrapper')).json().model.context_length).toBe(5)
    const differing = await post({ ...both, 'heads.1.mask': nested(4, Number) }, model, 'multi-head-wrapper')
    expect(differing.json()).toMatchObject({
      errors: [{ path: '/model/parameters/heads.1.mask', message: 'must be (5, 5), not (4, 4)' }],
    })
  })

  it('must fit a context length that is given, and the input', async () => {
    expect((await post({ mask: nested(6, Number) }, { context_length: 6 })).statusCode).toBe(200)
    expect((await post({ mask: nested(6, Number) }, { context_length: 5 })).json()).toMatchObject({
      errors: [{ path: '/model/parameters/mask', message: 'must be (5, 5), not (6, 6)' }],
    })
    expect((await post({ mask: nested(6, Boolean) }, {}, 'causal', 7)).json()).toMatchObject({
      errors: [{ path: '/model/parameters/mask', message: "is of 6 positions, fewer than the sequence's 7" }],
    })
  })

  it.each([
    ['a number', 3],
    ['null', null],
    ['a string', 'mask'],
    ['an empty array', []],
    ['one row', [[false, true]]],
    ['ragged rows', [[false, true], [false]]],
    ['a vector', [false, true]],
    [
      'strings',
      [
        ['0', '1'],
        ['0', '0'],
      ],
    ],
    ['a shape without numbers', { shape: [2, 2] }],
    ['bytes that are too few', { shape: [2, 2], base64: 'AAEA' }],
    ['no base64', { shape: [2, 2], base64: '!' }],
    ['no shape', { base64: 'AAEAAA==' }],
    ['both forms', { shape: [2, 2], data: [0, 1, 0, 0], base64: 'AAEAAA==' }],
  ])('is refused as %s', async (_, mask) => {
    const answer = await post({ mask })
    expect(answer.statusCode, answer.body).toBe(400)
    expect(answer.json().errors[0].path).toMatch(/^\/model\/parameters\/mask/)
  })

  it('is alone in being booleans', async () => {
    const answer = await post({
      'W_query.weight': [
        [true, false],
        [false, true],
      ],
    })
    expect(answer.json().errors[0].path).toMatch(/^\/model\/parameters\/W_query.weight/)
  })
})
