import { rowIndex } from '../problem/visibility.ts'
import type { Visibility } from '../problem/visibility.ts'
import type { AttentionMaps } from '../tensor/attention-maps.ts'
import { float64Zeros } from '../tensor/zeros.ts'

/** What is checked of every row of attention weights: arrays of (batch, heads, queries), row-major. */
export interface RowSums {
  readonly batch: number
  readonly heads: number
  /** Which keys each row sees. */
  readonly visibility: Visibility
  /** sum_j A_ij over the keys */
  readonly sum: Float64Array
  /** The sink's share of the softmax, 1 - sum where nothing is rounded; null where there are no sinks. */
  readonly sinkWeight: Float64Array | null
  /** Greatest weight on a key that a row does not see, over all rows. */
  readonly maxHiddenWeight: number
}

/**
 * What a row says besides, each a term of a mean: `summary.ts` averages them over rows and items. i is the query's own
 * position; what is relative to it is 0 where it has none.
 */
export interface RowStatistics extends RowSums {
  /** -sum_j A_ij ln A_ij, nats; with a sink less s ln s, where s is its share */
  readonly entropy: Float64Array
  /** max_j A_ij */
  readonly maxWeight: Float64Array
  /** sum_j A_ij (i - j), positions */
  readonly distance: Float64Array
  /** A_i,i-1; 0 where the row does not see that key */
  readonly previousToken: Float64Array
  /** A_ij of the first key j that the row sees */
  readonly firstToken: Float64Array
  /** A_ii; 0 where the row does not see that key */
  readonly diagonal: Float64Array
}

export function emptyRowSums(batch: number, heads: number, visibility: Visibility, sinks = false): RowSums {
  const rows = batch * heads * visibility.queries
  return {
    batch,
    heads,
    visibility,
    sum: float64Zeros(rows),
    sinkWeight: sinks ? float64Zeros(rows) : null,
    maxHiddenWeight: 0,
  }
}

/** Arrays to be filled row by row. */
export function emptyRowStatistics(batch: number, heads: number, visibility: Visibility, sinks = false): RowStatistics {
  const column = (): Float64Array => float64Zeros(batch * heads * visibility.queries)
  return {
    ...emptyRowSums(batch, heads, visibility, sinks),
    entropy: column(),
    maxWeight: column(),
    distance: column(),
    previousToken: column(),
    firstToken: column(),
    diagonal: column(),
  }
}

/**
 * The plain definition: row `index` (of batch x heads x queries) from its weights. Engines that fuse these sums must
 * agree with it.
 * @param row where `into.visibility` keeps the row
 * @param weights the keys first..end-1 from `offset` on
 * @param sinkWeight the sink's share; 0 where there is none
 */
export function fillRow(
  into: RowStatistics,
  index: number,
  row: number,
  weights: Float32Array | Float64Array,
  offset: number,
  sinkWeight = 0,
): void {
  const { visibility } = into
  const first = visibility.first[row]!
  const count = visibility.end[row]! - first
  const position = visibility.position === null ? null : visibility.position[row]!
  const own = position === null ? -1 : position - first
  let entropy = sinkWeight > 0 ? -sinkWeight * Math.log(sinkWeight) : 0
  let max = 0
  let distance = 0
  let sum = 0
  for (let key = 0; key < count; key++) {
    const weight = weights[offset + key]!
    if (weight !== 0) entropy -= weight * Math.log(weight)
    max = Math.max(max, weight)
    if (position !== null) distance += weight * (own - key)
    sum += weight
  }
  into.entropy[index] = entropy
  into.maxWeight[index] = max
  into.distance[index] = distance
  into.sum[index] = sum
  if (into.sinkWeight !== null) into.sinkWeight[index] = sinkWeight
  into.firstToken[index] = count > 0 ? weights[offset]! : 0
  into.previousToken[index] = position !== null && own >= 1 && own <= count ? weights[offset + own - 1]! : 0
  into.diagonal[index] = position !== null && own >= 0 && own < count ? weights[offset + own]! : 0
}

/** Every row of weights that were kept. `maxHiddenWeight` is the engine's to say: the maps do not hold what is hidden. */
export function rowStatisticsOf(weights: AttentionMaps, maxHiddenWeight: number): RowStatistics {
  const { batch, heads, queries, visibility } = weights
  const into = emptyRowStatistics(batch, heads, visibility)
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < queries; query++) {
        const { data, offset } = weights.locate(item, head, query)
        const index = (item * heads + head) * queries + query
        fillRow(into, index, rowIndex(visibility, item, head, query), data, offset)
      }
    }
  }
  return { ...into, maxHiddenWeight }
}
