import { chapter3Kinds } from './chapter-3.ts'
import type { AttentionKind } from './kind.ts'
import { scaledDotProduct } from './scaled-dot-product.ts'
import { torchMultihead } from './torch-multihead.ts'

/** Every kind of attention that can be asked for below /attention. */
export const attentionKinds: readonly AttentionKind[] = [...chapter3Kinds, scaledDotProduct, torchMultihead]
