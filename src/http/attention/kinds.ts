import { causal } from './causal.ts'
import type { AttentionKind } from './kind.ts'
import { multiHead } from './multi-head.ts'
import { multiHeadWrapper } from './multi-head-wrapper.ts'
import { scaledDotProduct } from './scaled-dot-product.ts'
import { torchMultihead } from './torch-multihead.ts'

/** Every kind of attention that can be asked for below /attention. */
export const attentionKinds: readonly AttentionKind[] = [
  causal,
  multiHeadWrapper,
  multiHead,
  scaledDotProduct,
  torchMultihead,
]
