import type { FieldUse } from '../checkpoint/config-fields.ts'
import { llamaLikeFields } from './llama-like.ts'

/** Fields about attention that the Gemma families share. */
export const gemmaFields: Readonly<Record<string, FieldUse>> = {
  ...llamaLikeFields,
  attention_bias: 'used',
  query_pre_attn_scalar: 'used',
  sliding_window: 'used',
  layer_types: 'used',
  final_logit_softcapping: 'used',
  use_bidirectional_attention: { only: [false, null] },
}
