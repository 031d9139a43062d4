/** x / sqrt(mean(x^2) + epsilon) * weight for each vector of headDim values (root mean square norm). */
export function headNorm(x: Float64Array, headDim: number, weight: ArrayLike<number>, epsilon: number): Float64Array {
  const y = new Float64Array(x.length)
  for (let start = 0; start < x.length; start += headDim) {
    let squares = 0
    for (let d = 0; d < headDim; d++) squares += x[start + d]! ** 2
    const inverse = 1 / Math.sqrt(squares / headDim + epsilon)
    for (let d = 0; d < headDim; d++) y[start + d] = x[start + d]! * inverse * weight[d]!
  }
  return y
}
