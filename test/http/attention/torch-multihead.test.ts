import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../../src/service.ts'
import { startService } from '../../support/service.ts'
import { casesOf, checkCase } from '../../truth/any-attention.ts'

const path = '/attention/torch-multihead'
let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const post = (body: object) => service.app.inject({ method: 'POST', url: path, payload: body })
const model = { embed_dim: 6, num_heads: 2 }

describe.each(['reference', 'direct'] as const)('%s', (engine) => {
  const cases = casesOf('any-attention.json').filter((of) => of.path === path)
  it.each(cases.map((of) => [of.name, of] as const))('answers as PyTorch does: %s', async (_, of) => {
    await checkCase(service, of, engine, 2e-6)
  })
})

describe('bad input is told where it is', () => {
  it.each([
    [{ model: { embed_dim: 5, num_heads: 2 }, input: { randn: [1, 3, 5] } }, '/model/embed_dim'],
    [{ model, input: { randn: [1, 3, 5] } }, '/input'],
    [{ model }, '/input'],
    [{ model, input: { randn: [1, 3, 6] }, key: { randn: [1, 3, 6] } }, '/key'],
    [{ model, query: { randn: [1, 3, 6] }, key: { randn: [2, 4, 6] } }, '/key'],
    [{ model, query: { randn: [1, 3, 6] }, key: { randn: [1, 4, 6] }, value: { randn: [1, 5, 6] } }, '/value'],
    [{ model, query: { randn: [1, 3, 6] }, key: { randn: [1, 4, 6] }, mask: { causal: true } }, '/mask/alignment'],
    [
      { model: { ...model, parameters: { in_proj_wait: [[1]] } }, input: { randn: [1, 3, 6] } },
      '/model/parameters/in_proj_wait',
    ],
    [{ model: { ...model, seed: 1, parameters: {} }, input: { randn: [1, 3, 6] } }, '/model/seed'],
  ])('%j', async (body, place) => {
    const answer = await post(body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].path).toBe(place)
  })
})

it('takes a state dict whose names all have one prefix, as `state_dict()` of the model around it has them', async () => {
  const [of] = casesOf('any-attention.json').filter(
    ({ path: each, body }) => each === path && 'parameters' in (body.model as object),
  )
  const { parameters, ...rest } = of!.body.model as { parameters: Record<string, unknown> }
  const prefixed = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [`layers.0.attn.${name}`, value]),
  )
  const plain = await post(of!.body)
  const answer = await post({ ...of!.body, model: { ...rest, parameters: prefixed } })
  expect(answer.json()).toEqual(plain.json())
})
