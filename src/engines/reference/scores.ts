/**
 * s_ij = scale * q_i . k_j where j <= i, -Infinity elsewhere, for one item's head.
 * queries, keys (length, headDim) -> (length, length)
 */
export function causalScores(
  queries: Float64Array,
  keys: Float64Array,
  length: number,
  headDim: number,
  scale: number,
): Float64Array {
  const scores = new Float64Array(length * length).fill(-Infinity)
  for (let query = 0; query < length; query++) {
    for (let key = 0; key <= query; key++) {
      let dot = 0
      for (let d = 0; d < headDim; d++) dot += queries[query * headDim + d]! * keys[key * headDim + d]!
      scores[query * length + key] = dot * scale
    }
  }
  return scores
}
