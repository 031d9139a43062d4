import type { AttentionProblem } from '../../problem/problem.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { dotProduct } from './dot-product.ts'
import type { DirectOperands } from './operands.ts'

/** q . k of every query and key, hidden ones too: (batch, heads, queries, keys). */
export function allProducts({ size }: AttentionProblem, { queries, keys }: DirectOperands): Tensor {
  const { batch, heads, keyValueHeads, queries: queryCount, keys: keyCount, headDim } = size
  const products = new Float32Array(batch * heads * queryCount * keyCount)
  let to = 0
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      const keyHead = Math.floor((head * keyValueHeads) / heads)
      const queryStart = item * queries.at.itemStride + head * queries.at.headStride
      const keyStart = item * keys.at.itemStride + keyHead * keys.at.headStride
      for (let query = 0; query < queryCount; query++) {
        const q = queryStart + query * queries.at.positionStride
        for (let key = 0; key < keyCount; key++) {
          products[to++] = dotProduct(queries.data, q, keys.data, keyStart + key * keys.at.positionStride, headDim)
        }
      }
    }
  }
  return tensor([batch, heads, queryCount, keyCount], products)
}
