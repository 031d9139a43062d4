import { meanKey, patternPlace, rowIndex, sees } from '../problem/visibility.ts'
import type { Visibility } from '../problem/visibility.ts'
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

/** One number a head; null where no row sees at least two keys, or the queries have no position to measure from. */
export type HeadStatistics = Readonly<Record<WeightStatistic, readonly (number | null)[]>>

/** Each statistic of weights that are equal on all keys that a row sees. */
export type UniformStatistics = Readonly<Record<WeightStatistic, number | null>>

type Means = Record<WeightStatistic, number>

/** What is measured from the query's own position, and null where queries have none. */
const fromOwnPosition: readonly WeightStatistic[] = ['distance', 'previousToken', 'diagonal']

/** Whether a statistic is defined under a visibility. */
export function isDefined(name: WeightStatistic, visibility: Visibility): boolean {
  return visibility.position !== null || !fromOwnPosition.includes(name)
}

/** Each statistic of one item's head: its row values, averaged over the rows that see at least two keys. */
export function itemStatistics(rows: RowStatistics, item: number, head: number): Means | null {
  const { count, queries, keys } = rows.visibility
  const logarithms = logarithmsUpTo(keys)
  const start = (item * rows.heads + head) * queries
  const pattern = rowIndex(rows.visibility, item, head, 0)
  let entropy = 0,
    normalizedEntropy = 0,
    maxWeight = 0,
    distance = 0,
    sum = 0,
    previousToken = 0,
    firstToken = 0,
    diagonal = 0
  let counted = 0
  for (let query = 0; query < queries; query++) {
    const seen = count[pattern + query]!
    if (seen < 2) continue
    counted++
    const row = start + query
    entropy += rows.entropy[row]!
    normalizedEntropy += rows.entropy[row]! / logarithms[seen]!
    maxWeight += rows.maxWeight[row]!
    distance += rows.distance[row]!
    sum += rows.sum[row]!
    previousToken += rows.previousToken[row]!
    firstToken += rows.firstToken[row]!
    diagonal += rows.diagonal[row]!
  }
  if (counted === 0) return null
  return {
    entropy: entropy / counted,
    normalizedEntropy: normalizedEntropy / counted,
    maxWeight: maxWeight / counted,
    distance: distance / sum,
    previousToken: previousToken / counted,
    firstToken: firstToken / counted,
    diagonal: diagonal / counted,
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
  const each = (name: WeightStatistic): (number | null)[] => {
    const defined = isDefined(name, rows.visibility)
    return heads.map((means) => (means === null || !defined ? null : means[name]))
  }
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

/**
 * One head's statistics, averaged over the items that have any; by name, since looking names up takes longer than the
 * sums.
 */
function headMeans(rows: RowStatistics, head: number): Means | null {
  let entropy = 0,
    normalizedEntropy = 0,
    maxWeight = 0,
    distance = 0,
    previousToken = 0,
    firstToken = 0,
    diagonal = 0
  let items = 0
  for (let item = 0; item < rows.batch; item++) {
    const means = itemStatistics(rows, item, head)
    if (means === null) continue
    items++
    entropy += means.entropy
    normalizedEntropy += means.normalizedEntropy
    maxWeight += means.maxWeight
    distance += means.distance
    previousToken += means.previousToken
    firstToken += means.firstToken
    diagonal += means.diagonal
  }
  if (items === 0) return null
  return {
    entropy: entropy / items,
    normalizedEntropy: normalizedEntropy / items,
    maxWeight: maxWeight / items,
    distance: distance / items,
    previousToken: previousToken / items,
    firstToken: firstToken / items,
    diagonal: diagonal / items,
  }
}

/**
 * What weights of 1 / n on each of the n keys that a row sees give: the baseline that a head is to be held against.
 * Where a rule differs from item to item or from head to head, the mean over them.
 */
export function uniformStatistics(visibility: Visibility): UniformStatistics {
  const sums = { entropy: 0, each: 0, distance: 0, previousToken: 0, diagonal: 0 }
  let patterns = 0
  for (let pattern = 0; pattern < visibility.patterns; pattern++) {
    const means = uniformMeans(visibility, pattern)
    if (means === null) continue
    patterns++
    for (const name of ['entropy', 'each', 'distance', 'previousToken', 'diagonal'] as const) sums[name] += means[name]
  }
  const mean = (name: keyof typeof sums): number | null => (patterns === 0 ? null : sums[name] / patterns)
  const relative = (name: keyof typeof sums): number | null => (visibility.position === null ? null : mean(name))
  return {
    entropy: mean('entropy'),
    normalizedEntropy: patterns === 0 ? null : 1,
    maxWeight: mean('each'),
    distance: relative('distance'),
    previousToken: relative('previousToken'),
    firstToken: mean('each'),
    diagonal: relative('diagonal'),
  }
}

/** The same of one item's head, where the visibility keeps its rows. */
function uniformMeans(
  visibility: Visibility,
  pattern: number,
): { entropy: number; each: number; distance: number; previousToken: number; diagonal: number } | null {
  const { count, position, queries, keys } = visibility
  const logarithms = logarithmsUpTo(keys)
  const { item, head } = patternPlace(visibility, pattern)
  let entropy = 0,
    each = 0,
    distance = 0,
    previousToken = 0,
    diagonal = 0
  let counted = 0
  for (let query = 0; query < queries; query++) {
    const row = pattern * queries + query
    const seen = count[row]!
    if (seen < 2) continue
    counted++
    const weight = 1 / seen
    entropy += logarithms[seen]!
    each += weight
    if (position === null) continue
    const own = position[row]!
    distance += own - meanKey(visibility, item, head, query)
    if (sees(visibility, item, head, query, own - 1)) previousToken += weight
    if (sees(visibility, item, head, query, own)) diagonal += weight
  }
  if (counted === 0) return null
  return {
    entropy: entropy / counted,
    each: each / counted,
    distance: distance / counted,
    previousToken: previousToken / counted,
    diagonal: diagonal / counted,
  }
}

/** Mean share of the sink of each head, over the rows that see at least two keys; null where there are no sinks. */
export function sinkStatistics(rows: RowSums): (number | null)[] | null {
  const { batch, heads, visibility, sinkWeight } = rows
  if (sinkWeight === null) return null
  return Array.from({ length: heads }, (_, head) => {
    let sum = 0
    let counted = 0
    for (let item = 0; item < batch; item++) {
      const pattern = rowIndex(visibility, item, head, 0)
      const start = (item * heads + head) * visibility.queries
      for (let query = 0; query < visibility.queries; query++) {
        if (visibility.count[pattern + query]! < 2) continue
        sum += sinkWeight[start + query]!
        counted++
      }
    }
    return counted === 0 ? null : sum / counted
  })
}

export interface Checks {
  /**
   * Greatest |sum_j A_ij - 1| over all rows that see a key, the sink's share included; not a number where one of them
   * has no weights, because a score overflowed.
   */
  readonly maxRowSumError: number
  /** Greatest weight on a key that a row does not see. */
  readonly maxHiddenWeight: number
  /** Rows that see no key: their weights and contexts are zeros. */
  readonly emptyRows: number
  /**
   * Whether every number that was used or is returned is finite. Contexts and row sums tell: a query, key or score that
   * is not finite leaves the rows that see it without weights, and a value that is not makes a context that is not.
   * Parameters and inputs are finite before anything is computed. What no row sees is not looked at.
   */
  readonly finite: boolean
}

/** What must hold of any attention: rows sum to one, what is hidden weighs nothing, every number is finite. */
export function checksOf(rows: RowSums, statistics: RowStatistics | undefined, contextIsFinite: boolean): Checks {
  const { batch, heads, visibility, sum, sinkWeight, maxHiddenWeight } = rows
  const terms = statistics?.entropy ?? sum
  let maxRowSumError = 0
  let emptyRows = 0
  let finite = contextIsFinite
  let row = 0
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      const start = rowIndex(visibility, item, head, 0)
      for (let query = 0; query < visibility.queries; query++, row++) {
        if (visibility.count[start + query] === 0) {
          emptyRows++
          continue
        }
        const error = Math.abs(sum[row]! + (sinkWeight === null ? 0 : sinkWeight[row]!) - 1)
        maxRowSumError = Math.max(maxRowSumError, error)
        if (!Number.isFinite(sum[row]! + terms[row]!)) finite = false
      }
    }
  }
  return { maxRowSumError, maxHiddenWeight, emptyRows, finite }
}
