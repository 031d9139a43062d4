import type { RowStatistics, RowSums } from './row-statistics.ts'

export const weightStatistics = [
  'entropy',
  'normalizedEntropy',
  'maxWeight',
  'distance',
  'previousToken',
  'firstToken',
  'diagonal',
] as const
export type WeightStatistic = (typeof weightStatistics)[number]

/** One number a head; null at T = 1, where there is no row i >= 1. */
export type HeadStatistics = Readonly<Record<WeightStatistic, readonly (number | null)[]>>

/** Each statistic under uniform causal attention at the same length. */
export type UniformStatistics = Readonly<Record<WeightStatistic, number | null>>

type Means = Record<WeightStatistic, number>

/**
 * A statistic of one item's head: its row values at rows i >= 1, averaged. Definitions and cautions: experiments.md.
 */
export function itemStatistics(rows: RowStatistics, item: number, head: number): Means | null {
  const { seqLen } = rows
  if (seqLen < 2) return null
  const logarithms = logarithmsUpTo(seqLen)
  const start = (item * rows.heads + head) * seqLen
  let entropy = 0,
    normalizedEntropy = 0,
    maxWeight = 0,
    distance = 0,
    sum = 0,
    previousToken = 0,
    firstToken = 0,
    diagonal = 0
  for (let query = 1; query < seqLen; query++) {
    const row = start + query
    entropy += rows.entropy[row]!
    normalizedEntropy += rows.entropy[row]! / logarithms[query + 1]!
    maxWeight += rows.maxWeight[row]!
    distance += rows.distance[row]!
    sum += rows.sum[row]!
    previousToken += rows.previousToken[row]!
    firstToken += rows.firstToken[row]!
    diagonal += rows.diagonal[row]!
  }
  const count = seqLen - 1
  return {
    entropy: entropy / count,
    normalizedEntropy: normalizedEntropy / count,
    maxWeight: maxWeight / count,
    distance: distance / sum,
    previousToken: previousToken / count,
    firstToken: firstToken / count,
    diagonal: diagonal / count,
  }
}

let logarithms = new Float64Array(0)

/** ln n by n, up to `count` at least: made once, because every row of every map asks for one. */
function logarithmsUpTo(count: number): Float64Array {
  if (logarithms.length <= count) logarithms = Float64Array.from({ length: 2 * count + 1 }, (_, n) => Math.log(n))
  return logarithms
}

/** Each head's statistics, averaged over the batch. */
export function headStatistics(rows: RowStatistics): HeadStatistics {
  const heads = Array.from({ length: rows.heads }, (_, head) => headMeans(rows, head))
  const each = (name: WeightStatistic): (number | null)[] => heads.map((means) => (means === null ? null : means[name]))
  return {
    entropy: each('entropy'),
    normalizedEntropy: each('normalizedEntropy'),
    maxWeight: each('maxWeight'),
    distance: each('distance'),
    previousToken: each('previousToken'),
    firstToken: each('firstToken'),
    diagonal: each('diagonal'),
  }
}

/** One head's statistics, averaged over the batch; by name, since looking names up takes longer than the sums. */
function headMeans(rows: RowStatistics, head: number): Means | null {
  const { batch } = rows
  let entropy = 0,
    normalizedEntropy = 0,
    maxWeight = 0,
    distance = 0,
    previousToken = 0,
    firstToken = 0,
    diagonal = 0
  for (let item = 0; item < batch; item++) {
    const means = itemStatistics(rows, item, head)
    if (means === null) return null
    entropy += means.entropy
    normalizedEntropy += means.normalizedEntropy
    maxWeight += means.maxWeight
    distance += means.distance
    previousToken += means.previousToken
    firstToken += means.firstToken
    diagonal += means.diagonal
  }
  return {
    entropy: entropy / batch,
    normalizedEntropy: normalizedEntropy / batch,
    maxWeight: maxWeight / batch,
    distance: distance / batch,
    previousToken: previousToken / batch,
    firstToken: firstToken / batch,
    diagonal: diagonal / batch,
  }
}

/**
 * What uniform causal attention, A_ij = 1 / (i + 1), gives at a length: the baseline that a head is to be held against.
 */
export function uniformStatistics(seqLen: number): UniformStatistics {
  if (seqLen < 2) return Object.fromEntries(weightStatistics.map((name) => [name, null])) as UniformStatistics
  let entropy = 0
  let reciprocal = 0
  let distance = 0
  for (let query = 1; query < seqLen; query++) {
    entropy += Math.log(query + 1)
    reciprocal += 1 / (query + 1)
    distance += query / 2
  }
  const count = seqLen - 1
  const each = reciprocal / count
  return {
    entropy: entropy / count,
    normalizedEntropy: 1,
    maxWeight: each,
    distance: distance / count,
    previousToken: each,
    firstToken: each,
    diagonal: each,
  }
}

export interface Checks {
  /** Greatest |sum_j A_ij - 1| over all rows; not a number where a row has no weights, because a score overflowed. */
  readonly maxRowSumError: number
  /** Greatest weight on a key that a row must not see. */
  readonly maxFutureWeight: number
  /**
   * Whether every number that was used or is returned is finite. Contexts and row sums tell: a query, key or score that
   * is not finite leaves its row without weights, and a value that is not makes a context that is not. Parameters and
   * inputs are finite before anything is computed.
   */
  readonly finite: boolean
}

/** What must hold of any attention: rows sum to one, the future weighs nothing, every number is finite. */
export function checksOf(
  { sum, maxFutureWeight }: RowSums,
  statistics: RowStatistics | undefined,
  contextIsFinite: boolean,
): Checks {
  const terms = statistics?.entropy ?? sum
  let maxRowSumError = 0
  let finite = contextIsFinite
  for (let row = 0; row < sum.length; row++) {
    maxRowSumError = Math.max(maxRowSumError, Math.abs(sum[row]! - 1))
    if (!Number.isFinite(sum[row]! + terms[row]!)) finite = false
  }
  return { maxRowSumError, maxFutureWeight, finite }
}
