/**
 * Softmax of each row i over its keys j <= i, shifted by the row's maximum; 0 at the other keys. A row that sees a score
 * which is not finite has no weights: they are not numbers. (length, length) -> (length, length)
 */
export function causalSoftmax(scores: Float64Array, length: number): Float64Array {
  const weights = new Float64Array(scores.length)
  for (let query = 0; query < length; query++) {
    const start = query * length
    const end = start + query + 1
    const visible = scores.subarray(start, end)
    if (!visible.every(Number.isFinite)) {
      weights.fill(NaN, start, end)
      continue
    }
    const max = visible.reduce((most, score) => Math.max(most, score))
    let sum = 0
    for (let i = start; i < end; i++) sum += weights[i] = Math.exp(scores[i]! - max)
    for (let i = start; i < end; i++) weights[i]! /= sum
  }
  return weights
}
