/** z_i = sum_j a_ij v_j. weights (length, length), values (length, headDim) -> (length, headDim) */
export function mixValues(weights: Float64Array, values: Float64Array, length: number, headDim: number): Float64Array {
  const mixed = new Float64Array(length * headDim)
  for (let query = 0; query < length; query++) {
    for (let key = 0; key <= query; key++) {
      const weight = weights[query * length + key]!
      for (let d = 0; d < headDim; d++) mixed[query * headDim + d]! += weight * values[key * headDim + d]!
    }
  }
  return mixed
}
