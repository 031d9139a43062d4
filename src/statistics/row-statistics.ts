import type { AttentionMaps } from '../tensor/attention-maps.ts'
import { float64Zeros } from '../tensor/zeros.ts'

/** What is checked of every row of attention weights: arrays of (batch, heads, seqLen), row-major. */
export interface RowSums {
  readonly batch: number
  readonly heads: number
  readonly seqLen: number
  /** sum_j A_ij */
  readonly sum: Float64Array
  /** Greatest weight on a key that a row must not see, over all rows. */
  readonly maxFutureWeight: number
}

/**
 * What a row says besides. Definitions: experiments.md's table, here as its numerators; `summary.ts` averages them over
 * rows and items.
 */
export interface RowStatistics extends RowSums {
  /** -sum_j A_ij ln A_ij, nats */
  readonly entropy: Float64Array
  /** max_j A_ij */
  readonly maxWeight: Float64Array
  /** sum_j A_ij (i - j), tokens */
  readonly distance: Float64Array
  /** A_i,i-1; 0 for i = 0 */
  readonly previousToken: Float64Array
  /** A_i,0 */
  readonly firstToken: Float64Array
  /** A_ii */
  readonly diagonal: Float64Array
}

export function emptyRowSums(batch: number, heads: number, seqLen: number): RowSums {
  return { batch, heads, seqLen, sum: float64Zeros(batch * heads * seqLen), maxFutureWeight: 0 }
}

/** Arrays to be filled row by row. */
export function emptyRowStatistics(batch: number, heads: number, seqLen: number): RowStatistics {
  const column = (): Float64Array => float64Zeros(batch * heads * seqLen)
  return {
    ...emptyRowSums(batch, heads, seqLen),
    entropy: column(),
    maxWeight: column(),
    distance: column(),
    previousToken: column(),
    firstToken: column(),
    diagonal: column(),
  }
}

/**
 * The plain definition: row `index` (of batch x heads x seqLen) from its weights, keys 0..query, which start at
 * `offset` of `weights`. Engines that fuse these sums must agree with it.
 */
export function fillRow(
  into: RowStatistics,
  index: number,
  query: number,
  weights: Float32Array | Float64Array,
  offset: number,
): void {
  let entropy = 0
  let max = 0
  let distance = 0
  let sum = 0
  for (let key = 0; key <= query; key++) {
    const weight = weights[offset + key]!
    if (weight !== 0) entropy -= weight * Math.log(weight)
    max = Math.max(max, weight)
    distance += weight * (query - key)
    sum += weight
  }
  into.entropy[index] = entropy
  into.maxWeight[index] = max
  into.distance[index] = distance
  into.sum[index] = sum
  into.previousToken[index] = query > 0 ? weights[offset + query - 1]! : 0
  into.firstToken[index] = weights[offset]!
  into.diagonal[index] = weights[offset + query]!
}

/** Every row of weights that were kept. `maxFutureWeight` is the engine's to say: the maps do not hold the future. */
export function rowStatisticsOf(weights: AttentionMaps, maxFutureWeight: number): RowStatistics {
  const { batch, heads, seqLen } = weights
  const into = emptyRowStatistics(batch, heads, seqLen)
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < seqLen; query++) {
        const { data, offset } = weights.locate(item, head, query)
        fillRow(into, (item * heads + head) * seqLen + query, query, data, offset)
      }
    }
  }
  return { ...into, maxFutureWeight }
}
