import { rowStart } from '../../problem/broadcast.ts'
import type { Scoring } from '../../problem/scoring.ts'

/** q_i . k_j of one row: query (headDim), keys (keys, headDim) -> the keys first..end-1, one number each. */
export function rowProducts(
  query: Float64Array,
  keys: Float64Array,
  headDim: number,
  first: number,
  end: number,
): Float64Array {
  const products = new Float64Array(end - first)
  for (let key = first; key < end; key++) {
    let dot = 0
    for (let d = 0; d < headDim; d++) dot += query[d]! * keys[key * headDim + d]!
    products[key - first] = dot
  }
  return products
}

/** The row of a query in a head of an item. */
export interface Row {
  readonly item: number
  readonly head: number
  readonly query: number
  /** The key of the first product. */
  readonly first: number
  /** The query's own position among the keys, where it has one. */
  readonly position: number | null
}

/** What becomes of a row's products: times the scale, soft-capped, then bias and slopes added, in this order. */
export function rowScores(products: Float64Array, scoring: Scoring, row: Row): Float64Array {
  const { scale, softCap, bias, slopes } = scoring
  const { item, head, query, first, position } = row
  return products.map((product, i) => {
    let score = product * scale
    if (softCap !== null) score = softCap * Math.tanh(score / softCap)
    if (bias !== null) score += bias.data[rowStart(bias, item, head, query) + (first + i) * bias.keyStride]!
    if (slopes !== null) score -= slopes[head]! * (position! - (first + i))
    return score
  })
}
