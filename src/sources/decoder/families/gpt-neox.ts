import type { LayerArchitecture } from '../architecture.ts'
import { objectField, readRotary, rotaryFields } from '../checkpoint/rotary-fields.ts'
import { activationOf, evenShare, headOf, layerNorm, linear, parameter, prefixOf } from './family.ts'
import type { Family } from './family.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/gpt_neox/modeling_gpt_neox.py */
export const gptNeox: Family = {
  modelType: 'gpt_neox',
  examples: 'Pythia, GPT-NeoX',
  fields: {
    ...rotaryFields,
    rotary_pct: 'used',
    rotary_emb_base: 'used',
    attention_bias: 'used',
    is_decoder: 'harmless', // every layer is causal either way
  },
  architecture(config, has) {
    const width = config.count(['hidden_size'], 6144)
    const heads = config.count(['num_attention_heads'], 64)
    const inner = config.count(['intermediate_size'], 24576)
    const contextLength = config.count(['max_position_embeddings'], 2048)
    const vocabulary = config.count(['vocab_size'], 50432)
    const epsilon = config.positive(['layer_norm_eps'], 1e-5)
    const activation = activationOf(config.text(['hidden_act'], 'gelu'))
    const parallel = config.flag('use_parallel_residual', true)
    const bias = config.flag('attention_bias', true)
    const headDim = evenShare(width, heads)
    const rotary = readRotary(
      objectField(config, 'rope_scaling') ?? objectField(config, 'rope_parameters') ?? {},
      'rope_parameters',
      {
        headDim,
        contextLength,
        theta: config.positive(['rotary_emb_base', 'rope_theta'], 10_000),
        share: config.positive(['rotary_pct', 'partial_rotary_factor'], 0.25),
      },
    )
    const prefix = prefixOf(has, ['gpt_neox.', ''], 'embed_in.weight')
    const tokens = parameter(`${prefix}embed_in.weight`, vocabulary, width)

    const layer = (index: number): LayerArchitecture => {
      const at = `${prefix}layers.${index}`
      return {
        inputNorm: layerNorm(`${at}.input_layernorm`, width, epsilon),
        projections: {
          kind: 'fused',
          order: 'by_head',
          linear: linear(`${at}.attention.query_key_value`, width, 3 * width, bias),
        },
        queryNorm: null,
        keyNorm: null,
        rotary,
        attention: {
          heads,
          keyValueHeads: heads,
          headDim,
          scale: headDim ** -0.5,
          causal: true,
          window: null,
          softCap: null,
        },
        output: linear(`${at}.attention.dense`, width, width, bias),
        attentionOutputNorm: null,
        residualNorm: null,
        parallel,
        feedForwardNorm: layerNorm(`${at}.post_attention_layernorm`, width, epsilon),
        feedForward: {
          activation,
          gate: null,
          up: linear(`${at}.mlp.dense_h_to_4h`, width, inner, true),
          down: linear(`${at}.mlp.dense_4h_to_h`, inner, width, true),
        },
        feedForwardOutputNorm: null,
        outputNorm: null,
      }
    }

    return {
      family: 'gpt_neox',
      width,
      contextLength,
      vocabulary,
      embedding: { tokens, positions: null, tokenTypes: null, scale: null, norm: null },
      layers: Array.from({ length: config.layers(['num_hidden_layers'], 44) }, (_, index) => layer(index)),
      finalNorm: layerNorm(`${prefix}final_layer_norm`, width, epsilon),
      head: headOf(has, {
        tied: config.flag('tie_word_embeddings', false),
        name: 'embed_out',
        embedding: tokens,
        width,
        vocabulary,
      }),
    }
  },
}
