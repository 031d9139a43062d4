import type { LayerArchitecture } from '../architecture.ts'
import { activationOf, conv1d, evenShare, headOf, layerNorm, parameter, prefixOf } from './family.ts'
import type { Family } from './family.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/gpt2/modeling_gpt2.py */
export const gpt2: Family = {
  modelType: 'gpt2',
  examples: 'GPT-2, DistilGPT-2',
  fields: {
    n_head: 'used',
    n_positions: 'used',
    scale_attn_weights: 'used',
    scale_attn_by_inverse_layer_idx: 'used',
    reorder_and_upcast_attn: 'harmless', // the same product in another order
  },
  architecture(config, has) {
    const width = config.count(['n_embd', 'hidden_size'], 768)
    const heads = config.count(['n_head', 'num_attention_heads'], 12)
    const inner = config.count(['n_inner'], 4 * width)
    const contextLength = config.count(['n_positions', 'max_position_embeddings'], 1024)
    const vocabulary = config.count(['vocab_size'], 50257)
    const epsilon = config.positive(['layer_norm_epsilon'], 1e-5)
    const activation = activationOf(config.text(['activation_function'], 'gelu_new'))
    const scaled = config.flag('scale_attn_weights', true)
    const byLayer = config.flag('scale_attn_by_inverse_layer_idx', false)
    const headDim = evenShare(width, heads)
    const prefix = prefixOf(has, ['transformer.', ''], 'wte.weight')
    const tokens = parameter(`${prefix}wte.weight`, vocabulary, width)

    const layer = (index: number): LayerArchitecture => {
      const at = `${prefix}h.${index}`
      return {
        inputNorm: layerNorm(`${at}.ln_1`, width, epsilon),
        projections: { kind: 'fused', order: 'stacked', linear: conv1d(`${at}.attn.c_attn`, width, 3 * width) },
        queryNorm: null,
        keyNorm: null,
        rotary: null,
        attention: {
          heads,
          keyValueHeads: heads,
          headDim,
          scale: (scaled ? headDim ** -0.5 : 1) / (byLayer ? index + 1 : 1),
          causal: true,
          window: null,
          softCap: null,
        },
        output: conv1d(`${at}.attn.c_proj`, width, width),
        attentionOutputNorm: null,
        residualNorm: null,
        parallel: false,
        feedForwardNorm: layerNorm(`${at}.ln_2`, width, epsilon),
        feedForward: {
          activation,
          gate: null,
          up: conv1d(`${at}.mlp.c_fc`, width, inner),
          down: conv1d(`${at}.mlp.c_proj`, inner, width),
        },
        feedForwardOutputNorm: null,
        outputNorm: null,
      }
    }

    return {
      family: 'gpt2',
      width,
      contextLength,
      vocabulary,
      embedding: {
        tokens,
        positions: parameter(`${prefix}wpe.weight`, contextLength, width),
        tokenTypes: null,
        scale: null,
        norm: null,
      },
      layers: Array.from({ length: config.layers(['n_layer', 'num_hidden_layers'], 12) }, (_, index) => layer(index)),
      finalNorm: layerNorm(`${prefix}ln_f`, width, epsilon),
      head: headOf(has, {
        tied: config.flag('tie_word_embeddings', true),
        name: 'lm_head',
        embedding: tokens,
        width,
        vocabulary,
      }),
    }
  },
}
