import { tensor } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * q . k of every query and key, hidden ones too.
 * queries (batch, heads, queries, dim), keys (batch, keyValueHeads, keys, dim) -> (batch, heads, queries, keys)
 */
export function allProducts(queries: Tensor, keys: Tensor): Tensor {
  const [batch, heads, queryCount, dim] = queries.shape as [number, number, number, number]
  const [, keyValueHeads, keyCount] = keys.shape as [number, number, number, number]
  const products = new Float32Array(batch * heads * queryCount * keyCount)
  let to = 0
  for (let map = 0; map < batch * heads; map++) {
    const head = Math.floor(((map % heads) * keyValueHeads) / heads)
    const keyStart = (Math.floor(map / heads) * keyValueHeads + head) * keyCount * dim
    for (let query = 0; query < queryCount; query++) {
      const q = (map * queryCount + query) * dim
      for (let key = 0, k = keyStart; key < keyCount; key++, k += dim) {
        let sum = 0
        for (let d = 0; d < dim; d++) sum += queries.data[q + d]! * keys.data[k + d]!
        products[to++] = sum
      }
    }
  }
  return tensor([batch, heads, queryCount, keyCount], products)
}
