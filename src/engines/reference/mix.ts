/** z_i = sum_j a_ij v_j. weights (seqLen, seqLen), values (seqLen, headDim) -> (seqLen, headDim) */
export function mixValues(weights: Float64Array, values: Float64Array, seqLen: number, headDim: number): Float64Array {
  const mixed = new Float64Array(seqLen * headDim)
  for (let query = 0; query < seqLen; query++) {
    for (let key = 0; key <= query; key++) {
      const weight = weights[query * seqLen + key]!
      for (let d = 0; d < headDim; d++) mixed[query * headDim + d]! += weight * values[key * headDim + d]!
    }
  }
  return mixed
}
