/** q . k of two vectors; four sums are under way at once, so that none waits for the one before. */
export function dotProduct(queries: Float32Array, q: number, keys: Float32Array, k: number, headDim: number): number {
  const whole = headDim - (headDim % 4)
  let a = 0,
    b = 0,
    c = 0,
    e = 0
  for (let d = 0; d < whole; d += 4) {
    a += queries[q + d]! * keys[k + d]!
    b += queries[q + d + 1]! * keys[k + d + 1]!
    c += queries[q + d + 2]! * keys[k + d + 2]!
    e += queries[q + d + 3]! * keys[k + d + 3]!
  }
  for (let d = whole; d < headDim; d++) a += queries[q + d]! * keys[k + d]!
  return a + b + (c + e)
}
