import { readLink } from '../read/link.ts'
import { validateBody } from '../schemas/validate.ts'
import type { AttentionKind } from './kind.ts'
import { readScaledDotProduct } from './read-scaled-dot-product.ts'
import { scaledDotProductDocs } from './scaled-dot-product-docs.ts'
import { scaledDotProductQuery } from './scaled-dot-product-query.ts'
import { ScaledDotProductBody } from './scaled-dot-product-schema.ts'
import type { ScaledDotProductRequest } from './scaled-dot-product-schema.ts'

/** Attention of the client's own queries, keys and values, under the client's own rules. */
export const scaledDotProduct: AttentionKind = {
  kind: 'scaled-dot-product',
  docs: scaledDotProductDocs,
  read: (body) => readScaledDotProduct(body as ScaledDotProductRequest),
  readQuery: (query) =>
    readLink(query, scaledDotProductQuery, (body) => {
      validateBody(ScaledDotProductBody, body)
      return readScaledDotProduct(body as unknown as ScaledDotProductRequest)
    }),
}
