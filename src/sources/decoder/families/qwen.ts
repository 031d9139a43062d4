import type { ConfigFields, FieldUse } from '../checkpoint/config-fields.ts'
import { llamaLikeFields, slidingLayers } from './llama-like.ts'
import type { LlamaLikeSizes } from './llama-like.ts'

/** Fields about attention that the Qwen families share. */
export const qwenFields: Readonly<Record<string, FieldUse>> = {
  ...llamaLikeFields,
  sliding_window: 'used',
  use_sliding_window: 'used',
  max_window_layers: 'used',
  layer_types: 'used',
}

/** The window of each layer: only where it is turned on, and from the layer `max_window_layers` on. */
export function qwenWindows(config: ConfigFields, { layers }: LlamaLikeSizes): readonly (number | null)[] {
  const used = config.flag('use_sliding_window', false) && !config.isNull('sliding_window')
  const window = used ? config.count(['sliding_window'], 4096) : null
  const first = config.value('max_window_layers') === 0 ? 0 : config.count(['max_window_layers'], 28)
  return slidingLayers(config, layers, (layer) => used && layer >= first).map((sliding) => (sliding ? window : null))
}
