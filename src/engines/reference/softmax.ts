/** Softmax of each row, shifted by the row's maximum. (rows, columns) -> (rows, columns) */
export function softmax(scores: Float64Array, rows: number, columns: number): Float64Array {
  const weights = new Float64Array(scores.length)
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    let max = -Infinity
    for (let i = start; i < start + columns; i++) max = Math.max(max, scores[i]!)
    let sum = 0
    for (let i = start; i < start + columns; i++) sum += weights[i] = Math.exp(scores[i]! - max)
    for (let i = start; i < start + columns; i++) weights[i]! /= sum
  }
  return weights
}
