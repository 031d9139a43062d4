import { causal } from './causal.ts'
import type { ModelClass } from './model.ts'
import { multiHead } from './multi-head.ts'
import { multiHeadWrapper } from './multi-head-wrapper.ts'
import type { ModelKind } from './spec.ts'

/** Every model class by the name it has in the address. */
export const modelClasses: Readonly<Record<ModelKind, ModelClass>> = {
  causal,
  'multi-head-wrapper': multiHeadWrapper,
  'multi-head': multiHead,
}
