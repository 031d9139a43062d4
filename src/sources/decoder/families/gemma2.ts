import type { Family } from './family.ts'
import { gemmaFields } from './gemma.ts'
import { llamaLike, readSizes, sharedRotary, slidingLayers } from './llama-like.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/gemma2/modeling_gemma2.py */
export const gemma2: Family = {
  modelType: 'gemma2',
  examples: 'Gemma 2',
  fields: { ...gemmaFields, attn_logit_softcapping: 'used' },
  architecture(config, has) {
    const sizes = readSizes(config, { headDim: 256 })
    const rotary = sharedRotary(config, sizes)
    const bias = config.flag('attention_bias', false)
    const window = config.isNull('sliding_window') ? null : config.count(['sliding_window'], 4096)
    const sliding = slidingLayers(config, sizes.layers, (layer) => layer % 2 === 0)
    const cap = (name: string, fallback: number) => (config.isNull(name) ? null : config.positive([name], fallback))
    return llamaLike(config, has, sizes, {
      family: 'gemma2',
      biases: { queryKeyValue: bias, output: bias, feedForward: false },
      queryKeyNorms: false,
      gemma: true,
      window: (layer) => (sliding[layer] ? window : null),
      rotary: () => rotary,
      scale: config.positive(['query_pre_attn_scalar'], 256) ** -0.5,
      softCap: cap('attn_logit_softcapping', 50),
      finalSoftCap: cap('final_logit_softcapping', 30),
      activation: config.text(['hidden_activation'], 'gelu_pytorch_tanh'),
      tied: config.flag('tie_word_embeddings', true),
    })
  },
}
