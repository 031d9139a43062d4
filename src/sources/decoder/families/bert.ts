import type { LayerArchitecture, Norm } from '../architecture.ts'
import { activationOf, evenShare, layerNorm, linear, parameter, prefixOf } from './family.ts'
import type { Family } from './family.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/bert/modeling_bert.py */
export const bert: Family = {
  modelType: 'bert',
  examples: 'BERT: an encoder, every token sees every token, and there are no next tokens',
  fields: {
    position_embedding_type: { only: ['absolute', null] },
    is_decoder: { only: [false, null] },
    pooler_num_attention_heads: 'harmless',
    pooler_size_per_head: 'harmless',
  },
  architecture(config, has) {
    const width = config.count(['hidden_size'], 768)
    const heads = config.count(['num_attention_heads'], 12)
    const inner = config.count(['intermediate_size'], 3072)
    const contextLength = config.count(['max_position_embeddings'], 512)
    const vocabulary = config.count(['vocab_size'], 30522)
    const types = config.count(['type_vocab_size'], 2)
    const epsilon = config.positive(['layer_norm_eps'], 1e-12)
    const activation = activationOf(config.text(['hidden_act'], 'gelu'))
    const headDim = evenShare(width, heads)
    const prefix = prefixOf(has, ['bert.', ''], 'embeddings.word_embeddings.weight')

    /** Checkpoints that came from TensorFlow call weight and bias gamma and beta. */
    const norm = (name: string): Norm => {
      const norm = layerNorm(name, width, epsilon)
      if (has(norm.weight.name) || !has(`${name}.gamma`)) return norm
      return { ...norm, weight: parameter(`${name}.gamma`, width), bias: parameter(`${name}.beta`, width) }
    }

    const layer = (index: number): LayerArchitecture => {
      const at = `${prefix}encoder.layer.${index}`
      const projection = (name: string) => linear(`${at}.attention.self.${name}`, width, width, true)
      return {
        inputNorm: null,
        projections: {
          kind: 'separate',
          query: projection('query'),
          key: projection('key'),
          value: projection('value'),
        },
        queryNorm: null,
        keyNorm: null,
        rotary: null,
        attention: {
          heads,
          keyValueHeads: heads,
          headDim,
          scale: headDim ** -0.5,
          causal: false,
          window: null,
          softCap: null,
        },
        output: linear(`${at}.attention.output.dense`, width, width, true),
        attentionOutputNorm: null,
        residualNorm: norm(`${at}.attention.output.LayerNorm`),
        parallel: false,
        feedForwardNorm: null,
        feedForward: {
          activation,
          gate: null,
          up: linear(`${at}.intermediate.dense`, width, inner, true),
          down: linear(`${at}.output.dense`, inner, width, true),
        },
        feedForwardOutputNorm: null,
        outputNorm: norm(`${at}.output.LayerNorm`),
      }
    }

    return {
      family: 'bert',
      width,
      contextLength,
      vocabulary,
      embedding: {
        tokens: parameter(`${prefix}embeddings.word_embeddings.weight`, vocabulary, width),
        positions: parameter(`${prefix}embeddings.position_embeddings.weight`, contextLength, width),
        tokenTypes: parameter(`${prefix}embeddings.token_type_embeddings.weight`, types, width),
        scale: null,
        norm: norm(`${prefix}embeddings.LayerNorm`),
      },
      layers: Array.from({ length: config.layers(['num_hidden_layers'], 12) }, (_, index) => layer(index)),
      finalNorm: null,
      head: null,
    }
  },
}
