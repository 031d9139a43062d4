import type { Family } from './family.ts'
import { llamaLike, readSizes, sharedRotary } from './llama-like.ts'
import { qwenFields, qwenWindows } from './qwen.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/qwen2/modeling_qwen2.py */
export const qwen2: Family = {
  modelType: 'qwen2',
  examples: 'Qwen2, Qwen2.5',
  fields: qwenFields,
  architecture(config, has) {
    const sizes = readSizes(config, {})
    const rotary = sharedRotary(config, sizes)
    const windows = qwenWindows(config, sizes)
    return llamaLike(config, has, sizes, {
      family: 'qwen2',
      biases: { queryKeyValue: true, output: false, feedForward: false },
      queryKeyNorms: false,
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
