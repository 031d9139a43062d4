/** A dropout mask over the weights: 1 keeps, 0 drops; kept weights are divided by the probability of keeping. */
export interface DropoutMask {
  /** (batch, heads, queries, keys) */
  readonly keep: Uint8Array
  readonly keepProbability: number
}
