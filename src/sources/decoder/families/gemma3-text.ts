import { objectField, readRotary } from '../checkpoint/rotary-fields.ts'
import { isObject } from '../checkpoint/strict-json.ts'
import { UnsupportedModel } from '../unsupported.ts'
import type { Family } from './family.ts'
import { gemmaFields } from './gemma.ts'
import { llamaLike, readSizes, slidingLayers, wholeHead } from './llama-like.ts'

const kinds = ['sliding_attention', 'full_attention'] as const

/** https://github.com/huggingface/transformers/blob/main/src/transformers/models/gemma3/modeling_gemma3.py */
export const gemma3Text: Family = {
  modelType: 'gemma3_text',
  examples: 'Gemma 3 of text alone (270M, 1B)',
  fields: {
    ...gemmaFields,
    rope_local_base_freq: 'used',
    sliding_window_pattern: 'used',
    _sliding_window_pattern: 'used',
    attn_logit_softcapping: { only: [null] }, // transformers reads it and does nothing with it
  },
  architecture(config, has) {
    const sizes = readSizes(config, { headDim: 256 })
    const bias = config.flag('attention_bias', false)
    const window = config.isNull('sliding_window') ? null : config.count(['sliding_window'], 4096)
    const pattern = config.count(['sliding_window_pattern', '_sliding_window_pattern'], 6)
    const sliding = slidingLayers(config, sizes.layers, (layer) => (layer + 1) % pattern !== 0)

    // The newer spelling has one object for each kind of layer; the older scales the layers without a window only.
    const both = objectField(config, 'rope_parameters') ?? {}
    for (const name of Object.keys(both)) {
      if (!kinds.includes(name as (typeof kinds)[number]))
        throw new UnsupportedModel(`config.json: rope_parameters.${name} is not known to this service`)
    }
    const given = (kind: (typeof kinds)[number]): Record<string, unknown> => {
      const parameters = both[kind] ?? {}
      if (isObject(parameters) && parameters.truncate === false)
        throw new UnsupportedModel(
          `config.json: rope_parameters.${kind}.truncate = false has no effect in transformers`,
        )
      if (isObject(parameters)) return parameters
      throw new UnsupportedModel(`config.json: rope_parameters.${kind} is not an object`)
    }
    const share = wholeHead(config)
    const full = readRotary(
      { ...given('full_attention'), ...objectField(config, 'rope_scaling') },
      'rope_parameters.full_attention',
      { ...sizes, theta: config.positive(['rope_theta'], 1_000_000), share },
    )
    const local = readRotary(given('sliding_attention'), 'rope_parameters.sliding_attention', {
      ...sizes,
      theta: config.positive(['rope_local_base_freq'], 10_000),
      share,
    })
    return llamaLike(config, has, sizes, {
      family: 'gemma3_text',
      biases: { queryKeyValue: bias, output: bias, feedForward: false },
      queryKeyNorms: true,
      gemma: true,
      window: (layer) => (sliding[layer] ? window : null),
      rotary: (layer) => (sliding[layer] ? local : full),
      scale: config.positive(['query_pre_attn_scalar'], 256) ** -0.5,
      softCap: null,
      finalSoftCap: config.optionalPositive('final_logit_softcapping'),
      activation: config.text(['hidden_activation'], 'gelu_pytorch_tanh'),
      tied: config.flag('tie_word_embeddings', true),
    })
  },
}
