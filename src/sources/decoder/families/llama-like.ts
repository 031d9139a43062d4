import type { Architecture, LayerArchitecture, Norm, Rotary } from '../architecture.ts'
import type { ConfigFields, FieldUse } from '../checkpoint/config-fields.ts'
import { objectField, readRotary, rotaryFields } from '../checkpoint/rotary-fields.ts'
import { UnsupportedModel } from '../unsupported.ts'
import { activationOf, headOf, linear, parameter, prefixOf, rmsNorm } from './family.ts'
import type { HasTensor } from './family.ts'

/** Fields about attention that this group of families shares. */
export const llamaLikeFields: Readonly<Record<string, FieldUse>> = {
  ...rotaryFields,
  num_key_value_heads: 'used',
  head_dim: 'used',
}

/** What distinguishes the families that grew out of LLaMA. */
export interface LlamaLike {
  readonly family: string
  readonly biases: { readonly queryKeyValue: boolean; readonly output: boolean; readonly feedForward: boolean }
  /** RMS norms of each head's queries and keys. */
  readonly queryKeyNorms: boolean
  /** Gemma: norms multiply by 1 + weight, embeddings by sqrt(width), what is added to the residual has norms too. */
  readonly gemma: boolean
  /** The most tokens that a query of a layer sees, itself included; null: all up to itself. */
  readonly window: (layer: number) => number | null
  readonly rotary: (layer: number) => Rotary
  /** Scores are q . k times this; null: 1 / sqrt(head_dim). */
  readonly scale: number | null
  readonly softCap: number | null
  readonly finalSoftCap: number | null
  readonly activation: string
  readonly tied: boolean
}

export interface LlamaLikeSizes {
  readonly width: number
  readonly heads: number
  readonly keyValueHeads: number
  readonly headDim: number
  readonly layers: number
  readonly contextLength: number
}

/** Sizes by the names that the group shares. A family's own defaults are given; what has none must be said. */
export function readSizes(
  config: ConfigFields,
  defaults: { headDim?: number; keyValueHeads?: 'heads' },
): LlamaLikeSizes {
  const width = config.count(['hidden_size'])
  const heads = config.count(['num_attention_heads'])
  const ungrouped = defaults.keyValueHeads === 'heads' || config.isNull('num_key_value_heads')
  const keyValueHeads = config.count(['num_key_value_heads'], ungrouped ? heads : undefined)
  if (heads % keyValueHeads !== 0)
    throw new UnsupportedModel(`config.json: ${keyValueHeads} key-value heads do not divide ${heads} heads`)
  const headDim = config.count(['head_dim'], defaults.headDim ?? Math.floor(width / heads))
  const layers = config.layers(['num_hidden_layers'])
  return { width, heads, keyValueHeads, headDim, layers, contextLength: config.count(['max_position_embeddings']) }
}

/** Rotary positions that all layers share: the newer `rope_parameters`, or `rope_theta` and `rope_scaling`. */
export function sharedRotary(config: ConfigFields, sizes: LlamaLikeSizes): Rotary {
  return readRotary(
    objectField(config, 'rope_scaling') ?? objectField(config, 'rope_parameters') ?? {},
    'rope_parameters',
    { ...sizes, theta: config.positive(['rope_theta'], 10_000), share: wholeHead(config) },
  )
}

/** In these families whole heads are turned: any other share is refused. */
export function wholeHead(config: ConfigFields): null {
  const share = config.positive(['partial_rotary_factor'], 1)
  if (share === 1) return null
  throw new UnsupportedModel(`config.json: partial_rotary_factor = ${share} is not supported here`)
}

/** Whether each layer has a window, by `layer_types`; `otherwise` where the configuration does not list them. */
export function slidingLayers(
  config: ConfigFields,
  layers: number,
  otherwise: (layer: number) => boolean,
): readonly boolean[] {
  const types = config.value('layer_types')
  if (types === undefined) return Array.from({ length: layers }, (_, layer) => otherwise(layer))
  if (!Array.isArray(types) || types.length !== layers)
    throw new UnsupportedModel(`config.json: layer_types does not list ${layers} layers`)
  return types.map((type) => {
    if (type === 'sliding_attention' || type === 'full_attention') return type === 'sliding_attention'
    throw new UnsupportedModel(`config.json: layer_types has ${JSON.stringify(type)}, which is not supported`)
  })
}

export function llamaLike(config: ConfigFields, has: HasTensor, sizes: LlamaLikeSizes, of: LlamaLike): Architecture {
  const { width, heads, keyValueHeads, headDim, contextLength } = sizes
  const { gemma, biases } = of
  const inner = config.count(['intermediate_size'])
  const vocabulary = config.count(['vocab_size'])
  const epsilon = config.positive(['rms_norm_eps'], 1e-6)
  const activation = activationOf(of.activation)
  const prefix = prefixOf(has, ['model.', ''], 'embed_tokens.weight')
  const tokens = parameter(`${prefix}embed_tokens.weight`, vocabulary, width)
  const norm = (name: string, size = width): Norm => rmsNorm(name, size, epsilon, gemma)

  const layer = (index: number): LayerArchitecture => {
    const at = `${prefix}layers.${index}`
    const projection = (name: string, outputs: number) =>
      linear(`${at}.self_attn.${name}`, width, outputs, biases.queryKeyValue)
    return {
      inputNorm: norm(`${at}.input_layernorm`),
      projections: {
        kind: 'separate',
        query: projection('q_proj', heads * headDim),
        key: projection('k_proj', keyValueHeads * headDim),
        value: projection('v_proj', keyValueHeads * headDim),
      },
      queryNorm: of.queryKeyNorms ? norm(`${at}.self_attn.q_norm`, headDim) : null,
      keyNorm: of.queryKeyNorms ? norm(`${at}.self_attn.k_norm`, headDim) : null,
      rotary: of.rotary(index),
      attention: {
        heads,
        keyValueHeads,
        headDim,
        scale: of.scale ?? headDim ** -0.5,
        causal: true,
        window: of.window(index),
        softCap: of.softCap,
      },
      output: linear(`${at}.self_attn.o_proj`, heads * headDim, width, biases.output),
      attentionOutputNorm: gemma ? norm(`${at}.post_attention_layernorm`) : null,
      residualNorm: null,
      parallel: false,
      feedForwardNorm: norm(`${at}.${gemma ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'}`),
      feedForward: {
        activation,
        gate: linear(`${at}.mlp.gate_proj`, width, inner, biases.feedForward),
        up: linear(`${at}.mlp.up_proj`, width, inner, biases.feedForward),
        down: linear(`${at}.mlp.down_proj`, inner, width, biases.feedForward),
      },
      feedForwardOutputNorm: gemma ? norm(`${at}.post_feedforward_layernorm`) : null,
      outputNorm: null,
    }
  }

  return {
    family: of.family,
    width,
    contextLength,
    vocabulary,
    embedding: {
      tokens,
      positions: null,
      tokenTypes: null,
      scale: gemma ? Math.fround(Math.sqrt(width)) : null,
      norm: null,
    },
    layers: Array.from({ length: sizes.layers }, (_, index) => layer(index)),
    finalNorm: norm(`${prefix}norm`),
    head: headOf(has, {
      tied: of.tied,
      name: 'lm_head',
      embedding: tokens,
      width,
      vocabulary,
      softCap: of.finalSoftCap,
    }),
  }
}
