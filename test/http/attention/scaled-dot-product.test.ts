import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../../src/service.ts'
import { startService } from '../../support/service.ts'
import { casesOf, checkCase } from '../../truth/any-attention.ts'

const path = '/attention/scaled-dot-product'

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const post = (body: object, url = path) => service.app.inject({ method: 'POST', url, payload: body })

describe.each(['reference', 'direct'] as const)('%s', (engine) => {
  const onnx = casesOf('onnx-attention.json')
  it.each(onnx.map((of) => [of.name, of] as const))('answers ONNX’s own case %s', async (_, of) => {
    await checkCase(service, of, engine, of.tolerance!)
  })

  const others = casesOf('any-attention.json').filter((of) => of.path === path)
  it.each(others.map((of) => [of.name, of] as const))('answers as PyTorch does: %s', async (_, of) => {
    await checkCase(service, of, engine, 2e-6)
  })
})

describe('bad input is told where it is', () => {
  const [queries, keys, values] = [{ randn: [1, 2, 3, 4] }, { randn: [1, 2, 5, 4] }, { randn: [1, 2, 5, 4] }]
  it.each([
    [{ mask: { causal: true } }, '/mask/alignment'],
    [{ mask: { window: [1, null] } }, '/mask/alignment'],
    [{ mask: { key_lengths: [2], causal: true } }, '/mask/alignment'],
    [{ alibi_slopes: 'standard' }, '/mask/alignment'],
    [{ mask: { allowed: [[true, false]] } }, '/mask/allowed'],
    [{ mask: { allowed: [[1, 0, 1, 0, 1]] } }, '/mask/allowed/0/0'],
    [
      { mask: { allowed: { shape: [5], base64: Buffer.from([0, 1, 2, 1, 1]).toString('base64') } } },
      '/mask/allowed/base64',
    ],
    [{ mask: { key_lengths: [6] } }, '/mask/key_lengths/0'],
    [{ mask: { key_lengths: [1, 2] } }, '/mask/key_lengths'],
    [{ keys: { randn: [1, 3, 5, 4] }, values: { randn: [1, 3, 5, 4] } }, '/keys'],
    [{ sinks: [1] }, '/sinks'],
    [{ alibi_slopes: [1, 2, 3], mask: { alignment: 0 } }, '/alibi_slopes'],
    [{ rotary: { dim: 3 } }, '/rotary/dim'],
    [{ rotary: { dim: 6 } }, '/rotary/dim'],
    [{ rotary: { scaling: { rope_type: 'dynamic' } } }, '/rotary/scaling'],
    [{ bias: { shape: [2], data: [0, 0] } }, '/bias'],
    [{ values: { randn: [1, 2, 4, 4] } }, '/values'],
    [{ rows: [0, 3] }, '/rows/1'],
    [{ keys_range: [3, 2] }, '/keys_range/0'],
    [{ tokens: ['a'] }, '/tokens'],
    [{ key_tokens: ['a'] }, '/key_tokens'],
    [{ queries: { shape: [1, 2], base64: 'AHwAAA==', dtype: 'float16' } }, '/queries/base64'],
  ])('%j', async (change, place) => {
    const answer = await post({ queries, keys, values, ...change })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].path).toBe(place)
  })
})

it('a bias of -Infinity and a boolean mask hide together, and rows without a key are zeros that no statistic counts', async () => {
  const bias = Buffer.from(Float32Array.of(0, -Infinity, 0).buffer).toString('base64')
  const answer = await post({
    queries: { randn: [1, 1, 2, 4] },
    keys: { randn: [1, 1, 3, 4] },
    values: { randn: [1, 1, 3, 2] },
    bias: { shape: [3], base64: bias },
    mask: {
      allowed: [
        [true, true, true],
        [false, true, false],
      ],
    },
  })
  const { weights, context, checks, summary } = answer.json()
  expect(weights[0][0][0][1]).toBe(0)
  expect(weights[0][0][0][0] + weights[0][0][0][2]).toBeCloseTo(1, 6)
  expect(weights[0][0][1]).toEqual([0, 0, 0])
  expect(context[0][0][1]).toEqual([0, 0])
  expect(checks).toMatchObject({ empty_rows: 1, finite: true })
  expect(summary.weights.uniform.max_weight).toBe(0.5)
})
