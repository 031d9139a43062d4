import type { Family } from './family.ts'
import { llamaLike, llamaLikeFields, readSizes, sharedRotary } from './llama-like.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama/modeling_llama.py */
export const llama: Family = {
  modelType: 'llama',
  examples: 'Llama, SmolLM, TinyLlama',
  fields: { ...llamaLikeFields, attention_bias: 'used' },
  architecture(config, has) {
    const sizes = readSizes(config, { keyValueHeads: 'heads' })
    const rotary = sharedRotary(config, sizes)
    const bias = config.flag('attention_bias', false)
    return llamaLike(config, has, sizes, {
      family: 'llama',
      biases: { queryKeyValue: bias, output: bias, feedForward: config.flag('mlp_bias', false) },
      queryKeyNorms: false,
      gemma: false,
      window: () => null,
      rotary: () => rotary,
      scale: null,
      softCap: null,
      finalSoftCap: null,
      activation: config.text(['hidden_act'], 'silu'),
      tied: config.flag('tie_word_embeddings', false),
    })
  },
}
