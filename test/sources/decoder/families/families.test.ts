import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aboutAttention, commonFields } from '../../../../src/sources/decoder/checkpoint/config-fields.ts'
import { families, parametersOf, readArchitecture } from '../../../../src/sources/decoder/families/index.ts'
import { UnsupportedModel } from '../../../../src/sources/decoder/unsupported.ts'
import { randomFrom } from '../../../support/random.ts'
import { truthFolder, truthModels } from '../models.ts'

type Json = Record<string, unknown>

const configOf = async (model: string): Promise<Json> =>
  JSON.parse(await readFile(join(truthFolder, model, 'config.json'), 'utf8')) as Json
const everything = (): boolean => true
const architectureOf = (config: Json) => readArchitecture(config, everything)
const layersOf = (config: Json) => architectureOf(config).layers

const llama = await configOf('llama')
const { rope_parameters: _, ...withoutRope } = llama

describe('a configuration', () => {
  it('says the same in the newer and in the older spelling', async () => {
    const newer = architectureOf(await configOf('gemma3-text'))
    const older = architectureOf(await configOf('gemma3-text-old'))
    expect(older).toEqual(newer)
    const scaled = (rope: Json): Json => ({ ...withoutRope, ...rope })
    const yarn = { factor: 4, original_max_position_embeddings: 8, beta_slow: 2 }
    expect(layersOf(scaled({ rope_theta: 50, rope_scaling: { type: 'yarn', ...yarn } }))).toEqual(
      layersOf(scaled({ rope_parameters: { rope_type: 'yarn', rope_theta: 50, ...yarn } })),
    )
  })

  it('has sliding_window count the query itself', async () => {
    const { sliding_window: window } = await configOf('mistral')
    expect(layersOf(await configOf('mistral')).map(({ attention }) => attention.window)).toEqual([
      window,
      window,
      window,
    ])
    const qwen = layersOf(await configOf('qwen2')).map(({ attention }) => attention.window)
    expect(qwen).toEqual([null, 4, 4])
    const none = layersOf({ ...(await configOf('mistral')), sliding_window: null })
    expect(none[0]!.attention.window).toBe(null)
  })

  it.each([
    ['of an unknown family', { model_type: 'mamba' }, /model_type "mamba" is not one of gpt2, /],
    ['without a family', { model_type: undefined }, /model_type undefined/],
    ['with quantized weights', { quantization_config: { bits: 4 } }, /quantization_config = .* is not supported/],
    ['with code of its own', { auto_map: { AutoModel: 'a.B' } }, /auto_map/],
    ['with an unlisted field about attention', { attention_sink_size: 4 }, /attention_sink_size is not known/],
    ['with an unlisted field about positions', { position_scale: null }, /position_scale is not known/],
    ['with removed heads', { pruned_heads: { 0: [1] } }, /pruned_heads/],
    ['with interleaved rotary positions', { rope_interleaved: true }, /rope_interleaved = true/],
    ['with dynamic scaling', { rope_parameters: { rope_type: 'dynamic', factor: 2 } }, /rope_type "dynamic"/],
    ['with a kind of scaling out of Object.prototype', { rope_parameters: { rope_type: 'toString' } }, /toString/],
    [
      'with an unlisted member of scaling',
      { rope_parameters: { rope_type: 'linear', factor: 2, low: 1 } },
      /rope_parameters.low/,
    ],
    ['with scaling that is text', { rope_parameters: 'linear' }, /rope_parameters is not an object/],
    ['with linear scaling by nothing', { rope_parameters: { rope_type: 'linear' } }, /factor is missing/],
    ['with part of each head turned', { partial_rotary_factor: 0.5 }, /partial_rotary_factor = 0.5/],
    ['with an unknown activation', { hidden_act: 'xielu' }, /activation "xielu"/],
    ['with half a head', { num_attention_heads: 2.5 }, /num_attention_heads is 2.5/],
    ['with groups that do not divide the heads', { num_key_value_heads: 3 }, /3 key-value heads do not divide 4/],
    ['with a billion layers', { num_hidden_layers: 1e9 }, /limit of 1000/],
    ['without layers', { num_hidden_layers: 0 }, /num_hidden_layers is 0/],
    ['without a width', { hidden_size: undefined }, /hidden_size is missing/],
    ['with a width as text', { hidden_size: '24' }, /hidden_size is "24"/],
    ['with an odd width of rotary positions', { head_dim: 7 }, /not an even number/],
  ])('is refused %s, and the reason names it', (_, changes, reason) => {
    const config = JSON.parse(JSON.stringify({ ...llama, ...changes })) as Json
    const refusal = (() => {
      try {
        return architectureOf(config)
      } catch (error) {
        return error
      }
    })()
    expect(refusal).toBeInstanceOf(UnsupportedModel)
    expect((refusal as Error).message).toMatch(reason)
  })

  it('may turn off in words what it does not have', () => {
    const off = { quantization_config: null, pruned_heads: {}, add_cross_attention: false, rope_scaling: null }
    expect(architectureOf({ ...llama, ...off })).toEqual(architectureOf(llama))
  })

  it('is read or refused, whatever it holds', async () => {
    const random = randomFrom(18)
    const below = (n: number): number => Math.floor(random() * n)
    const configs = await Promise.all(truthModels.map(configOf))
    const values = [
      null,
      0,
      -1,
      1,
      7,
      1e300,
      2 ** 53,
      0.5,
      NaN,
      '',
      'gelu',
      [],
      [1],
      {},
      { a: 1 },
      true,
      false,
      'default',
    ]
    let refused = 0
    for (let round = 0; round < 10_000; round++) {
      const config = structuredClone(configs[below(configs.length)]!)
      for (let changes = 1 + below(3); changes > 0; changes--) {
        const target = random() < 0.3 && typeof config.rope_parameters === 'object' ? config.rope_parameters : config
        const names = Object.keys((target ?? config) as Json)
        const name = names[below(names.length)]
        if (name !== undefined && name !== 'model_type')
          ((target ?? config) as Json)[name] = values[below(values.length)]
      }
      try {
        const architecture = architectureOf(config)
        for (const { shape } of parametersOf(architecture))
          expect(shape.every((side) => Number.isInteger(side) && side > 0)).toBe(true)
      } catch (error) {
        if (!(error instanceof UnsupportedModel)) throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(1000)
  })
})

describe.each(families)('the fields of $modelType', ({ fields }) => {
  it('are about attention, or say how layers differ', () => {
    for (const name of Object.keys(fields))
      expect(aboutAttention.test(name) || ['n_positions', 'layer_types', 'is_decoder'].includes(name), name).toBe(true)
    expect(Object.keys(fields).filter((name) => name in commonFields)).toEqual([])
  })
})
