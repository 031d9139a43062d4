import { UnsupportedModel } from '../unsupported.ts'
import type { Family } from './family.ts'
import { llamaLike, llamaLikeFields, readSizes, sharedRotary, slidingLayers } from './llama-like.ts'

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/mistral/modeling_mistral.py */
export const mistral: Family = {
  modelType: 'mistral',
  examples: 'Mistral 7B, Zephyr',
  fields: { ...llamaLikeFields, sliding_window: 'used', layer_types: 'used' },
  architecture(config, has) {
    const sizes = readSizes(config, {})
    const rotary = sharedRotary(config, sizes)
    const window = config.isNull('sliding_window') ? null : config.count(['sliding_window'], 4096)
    const sliding = slidingLayers(config, sizes.layers, () => window !== null)
    if (sliding.some((each) => each !== (window !== null)))
      throw new UnsupportedModel(
        'config.json: layer_types says other than sliding_window, which is for all layers here',
      )
    return llamaLike(config, has, sizes, {
      family: 'mistral',
      biases: { queryKeyValue: false, output: false, feedForward: false },
      queryKeyNorms: false,
      gemma: false,
      window: () => window,
      rotary: () => rotary,
      scale: null,
      softCap: null,
      finalSoftCap: null,
      activation: config.text(['hidden_act'], 'silu'),
      tied: config.flag('tie_word_embeddings', false),
    })
  },
}
