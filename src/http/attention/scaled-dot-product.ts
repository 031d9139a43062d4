import { attentionKind } from './kind.ts'
import { readScaledDotProduct } from './read-scaled-dot-product.ts'
import {
  ScaledDotProductAnswer,
  scaledDotProductDescription,
  scaledDotProductQueryBody,
} from './scaled-dot-product-docs.ts'
import { scaledDotProductQuery } from './scaled-dot-product-query.ts'
import { ScaledDotProductBody } from './scaled-dot-product-schema.ts'

/** Attention of the client's own queries, keys and values, under the client's own rules. */
export const scaledDotProduct = attentionKind({
  kind: 'scaled-dot-product',
  operation: 'ScaledDotProduct',
  summaries: {
    post: 'Compute attention of given queries, keys and values',
    get: 'Compute attention of drawn queries, keys and values, as a link',
  },
  description: scaledDotProductDescription,
  body: ScaledDotProductBody,
  answer: ScaledDotProductAnswer,
  query: scaledDotProductQueryBody,
  link: scaledDotProductQuery,
  read: readScaledDotProduct,
})
