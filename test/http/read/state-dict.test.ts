import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nearest, sharedPrefix } from '../../../src/http/read/state-dict.ts'
import type { Service } from '../../../src/service.ts'
import { startService } from '../../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const shared = new Set(['W_query.weight', 'W_key.weight'])

describe('the prefix that the names of a state dict share', () => {
  it.each([
    [['W_query.weight', 'W_key.weight'], ''],
    [['attn.W_query.weight', 'attn.W_key.weight'], 'attn.'],
    [['module.blocks.0.attn.W_query.weight'], 'module.blocks.0.attn.'],
    [['a.W_query.weight', 'b.W_key.weight'], ''],
    [['a.W_query.weight', 'a.other'], ''],
    [[`${'x.'.repeat(100)}W_query.weight`], ''],
  ])('%j: %j', (names, prefix) => {
    expect(sharedPrefix(names, shared)).toBe(prefix)
  })
})

it('the nearest name is the one that takes the fewest edits', () => {
  expect(nearest('W_quary.weight', ['W_key.weight', 'W_query.weight', 'out_proj.bias'])).toBe('W_query.weight')
})

describe('a foreign state dict', () => {
  const matrix = (rows: number, of: (i: number) => number) =>
    Array.from({ length: rows }, (_, r) => [0, 1].map((c) => of(r * 2 + c)))
  const own = {
    'W_query.weight': matrix(2, (i) => i + 1),
    'W_key.weight': matrix(2, (i) => i - 2),
    'W_value.weight': matrix(2, (i) => i * 2),
    'out_proj.weight': matrix(2, (i) => 1 / (i + 1)),
    'out_proj.bias': [0.5, -0.5],
  }
  const answerTo = async (parameters: Record<string, unknown>, model: object = {}) =>
    service.app.inject({
      method: 'POST',
      url: '/attention/multi-head',
      payload: {
        model: { d_in: 2, d_out: 2, num_heads: 2, parameters, ...model },
        input: {
          values: [
            [1, 0.5],
            [0, 1],
          ],
        },
        return: ['context'],
      },
    })

  it('may have a prefix that all names share', async () => {
    const prefixed = Object.fromEntries(Object.entries(own).map(([name, value]) => [`module.attn.${name}`, value]))
    expect((await answerTo(prefixed)).json().context).toEqual((await answerTo(own)).json().context)
  })

  it('of torch.nn.MultiheadAttention is cut into its three projections', async () => {
    const { 'W_query.weight': q, 'W_key.weight': k, 'W_value.weight': v, ...others } = own
    const joined = { in_proj_weight: [...q, ...k, ...v], ...others }
    expect((await answerTo(joined)).json().context).toEqual((await answerTo(own)).json().context)
  })

  it('that does not fit is told what was expected and what is nearest', async () => {
    const { 'W_query.weight': q, ...others } = own
    const misspelt = (await answerTo({ 'W_quary.weight': q, ...others })).json()
    expect(misspelt.errors[0]).toEqual({
      path: '/model/parameters/W_quary.weight',
      message: expect.stringMatching(
        /^is not a parameter of this model; it has W_query\.weight, .*nearest is W_query\.weight$/,
      ),
    })
    const wrong = (await answerTo({ in_proj_weight: [[1, 2]], ...others })).json()
    expect(wrong.errors[0].path).toBe('/model/parameters/in_proj_weight')
    const twice = (await answerTo({ in_proj_weight: [...q, ...q, ...q], ...own })).json()
    expect(twice.errors[0].message).toContain('twice')
    const bias = (await answerTo({ ...own, in_proj_bias: [1, 2, 3, 4, 5, 6] })).json()
    expect(bias.errors[0].message).toContain('qkv_bias is false')
  })
})
