import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const identity = { 'W_query.weight': [[1]], 'W_key.weight': [[1]], 'W_value.weight': [[1]] }

async function post(engine: string, values: number[][], parameters: Record<string, number[][]>, names: string[]) {
  const payload = { model: { d_in: 1, d_out: 1, parameters }, input: { values }, return: names, engine }
  const answer = await service.app.inject({ method: 'POST', url: '/attention/causal', payload })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

describe.each(['direct', 'onnxruntime', 'reference'])('an answer of the engine %s', (engine) => {
  it('says that it is not finite where a score overflowed, whatever it holds', async () => {
    for (const names of [['scores'], ['weights'], ['queries'], ['context'], ['summary'], ['scores', 'context']]) {
      const { checks } = await post(engine, [[1e30], [1e30]], identity, names)
      expect(checks).toEqual({ max_row_sum_error: null, max_future_weight: 0, finite: false })
    }
  })

  it('has null for the weights of the rows that overflowed and numbers for the others', async () => {
    const { scores, weights, context, summary, checks } = await post(engine, [[1], [1], [1e30], [0]], identity, [
      'scores',
      'weights',
      'context',
      'summary',
    ])
    expect(scores[0][0].map((row: unknown[]) => row.filter((score) => score === null).length)).toEqual([3, 2, 2, 0])
    expect(weights[0][0]).toEqual([
      [1, 0, 0, 0],
      [0.5, 0.5, 0, 0],
      [null, null, null, 0],
      [0.25, 0.25, 0.25, 0.25],
    ])
    expect(context[0].map(([value]: [unknown]) => value === null)).toEqual([false, false, true, false])
    expect(summary.weights.entropy).toEqual([null])
    expect(checks.finite).toBe(false)
  })

  it('says that it is not finite where a query, a key or a value overflowed', async () => {
    for (const name of Object.keys(identity)) {
      for (const names of [['values'], ['queries'], ['context'], ['context_heads']]) {
        const { checks } = await post(engine, [[1], [1e20], [1]], { ...identity, [name]: [[1e20]] }, names)
        expect(checks.finite, `${name}, ${names[0]}`).toBe(false)
      }
    }
  })

  it('is finite where only huge numbers are hidden from each other', async () => {
    const { weights, checks } = await post(engine, [[1e19], [-1e19], [1]], identity, ['weights', 'scores', 'values'])
    expect(weights[0][0]).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ])
    expect(checks).toEqual({ max_row_sum_error: 0, max_future_weight: 0, finite: true })
  })
})
