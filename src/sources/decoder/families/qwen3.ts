import type { Family } from './family.ts'
import { llamaLike, readSizes, sharedRotary } from './llama-like.ts'
import { qwenFields, qwenWindows } from './qwen.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/qwen3/modeling_qwen3.py */
export const qwen3: Family = {
  modelType: 'qwen3',
  examples: 'Qwen3 (dense)',
  fields: { ...qwenFields, attention_bias: 'used' },
  architecture(config, has) {
    const sizes = readSizes(config, { headDim: 128 })
    const rotary = sharedRotary(config, sizes)
    const windows = qwenWindows(config, sizes)
    const bias = config.flag('attention_bias', false)
    return llamaLike(config, has, sizes, {
      family: 'qwen3',
      biases: { queryKeyValue: bias, output: bias, feedForward: false },
      queryKeyNorms: true,
      gemma: false,
      window: (layer) => windows[layer]!,
      rotary: () => rotary,
      scale: null,
      softCap: null,
      finalSoftCap: null,
      activation: config.text(['hidden_act'], 'silu'),
      tied: config.flag('tie_word_embeddings', false),
    })
  },
}
