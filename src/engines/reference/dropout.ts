/**
 * Kept weights divided by the probability of keeping, dropped ones 0; `keep` starts at `offset`. What is not a number
 * stays so, dropped or not, as in PyTorch.
 */
export function dropout(
  weights: Float64Array,
  keep: Uint8Array,
  offset: number,
  keepProbability: number,
): Float64Array {
  return weights.map((weight, i) => (weight * keep[offset + i]!) / keepProbability)
}
