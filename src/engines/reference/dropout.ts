/** Kept weights divided by the probability of keeping, dropped ones 0; `keep` starts at `offset`. */
export function dropout(
  weights: Float64Array,
  keep: Uint8Array,
  offset: number,
  keepProbability: number,
): Float64Array {
  return weights.map((weight, i) => (keep[offset + i] === 1 ? weight / keepProbability : 0))
}
