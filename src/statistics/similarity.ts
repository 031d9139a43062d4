import { rowIndex, sees } from '../problem/visibility.ts'
import type { AttentionMaps } from '../tensor/attention-maps.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** How alike the heads of an item are, each measure (batch, heads, heads). */
export interface Similarity {
  /**
   * Pearson correlation of the whole maps, hidden keys as zeros: high for any two causal maps, which share their zeros
   * and the height of their rows.
   */
  readonly pearson: Tensor
  /**
   * Correlation after 1 / n is subtracted from each of the n keys that a row sees, over the rows that see at least two.
   * NaN where a map is uniform.
   */
  readonly rowCenteredPearson: Tensor
  /**
   * Mean of the rows' Jensen-Shannon divergence, base 2, over the rows that see at least two keys. NaN where there are
   * none.
   */
  readonly jsDivergence: Tensor
}

/** A float32 weight is within 6e-8 of what it stands for: a map that is nearer to uniform than this is uniform. */
const rounding = 1e-6

/** One measure of two heads of one item. */
export interface PairSimilarity {
  pearson: number
  rowCenteredPearson: number
  jsDivergence: number
}

/** Every pair of heads, for every item of the batch. */
export function similarityOf(weights: AttentionMaps): Similarity {
  const { batch, heads } = weights
  const shape = [batch, heads, heads]
  const matrix = (): Tensor => ({ shape, data: new Float32Array(batch * heads * heads) })
  const result = { pearson: matrix(), rowCenteredPearson: matrix(), jsDivergence: matrix() }
  for (let item = 0; item < batch; item++) {
    for (let a = 0; a < heads; a++) {
      for (let b = a; b < heads; b++) {
        const pair = pairSimilarity(weights, item, a, b)
        for (const [i, j] of [
          [a, b],
          [b, a],
        ] as const) {
          const at = (item * heads + i) * heads + j
          result.pearson.data[at] = pair.pearson
          result.rowCenteredPearson.data[at] = pair.rowCenteredPearson
          result.jsDivergence.data[at] = pair.jsDivergence
        }
      }
    }
  }
  return result
}

/**
 * The three measures of heads `a` and `b` of an item; `b` may come from other maps of the same size (`other`). Keys that
 * one of the two does not see weigh nothing in its row; rows count where both see at least two.
 */
export function pairSimilarity(
  weights: AttentionMaps,
  item: number,
  a: number,
  b: number,
  other: AttentionMaps = weights,
): PairSimilarity {
  const { queries, keys, visibility } = weights
  const size = queries * keys
  const sameRows = visibility.headStride === 0 && other.visibility === visibility && visibility.allowed === null
  // Rows sum to one, but only up to rounding, so the means are measured.
  let sumA = 0,
    sumB = 0,
    sumAA = 0,
    sumBB = 0,
    sumAB = 0
  let centeredAA = 0,
    centeredBB = 0,
    centeredAB = 0,
    largestA = 0,
    largestB = 0
  let divergence = 0
  let rows = 0
  for (let query = 0; query < queries; query++) {
    const rowA = weights.locate(item, a, query)
    const rowB = other.locate(item, b, query)
    const seenA = visibility.count[rowIndex(visibility, item, a, query)]!
    const seenB = other.visibility.count[rowIndex(other.visibility, item, b, query)]!
    const [uniformA, uniformB] = [1 / seenA, 1 / seenB]
    const counts = seenA > 1 && seenB > 1
    if (counts) rows++
    const first = Math.min(rowA.first, rowB.first)
    const end = Math.max(rowA.end, rowB.end)
    for (let key = first; key < end; key++) {
      const p = key >= rowA.first && key < rowA.end ? rowA.data[rowA.offset + key - rowA.first]! : 0
      const q = key >= rowB.first && key < rowB.end ? rowB.data[rowB.offset + key - rowB.first]! : 0
      sumA += p
      sumB += q
      sumAA += p * p
      sumBB += q * q
      sumAB += p * q
      if (!counts) continue
      const u = sameRows || sees(visibility, item, a, query, key) ? p - uniformA : 0
      const v = sameRows || sees(other.visibility, item, b, query, key) ? q - uniformB : 0
      centeredAA += u * u
      centeredBB += v * v
      centeredAB += u * v
      if (Math.abs(u) > largestA) largestA = Math.abs(u)
      if (Math.abs(v) > largestB) largestB = Math.abs(v)
      divergence += jsTerm(p, q)
    }
  }
  const covariance = sumAB - (sumA * sumB) / size
  const varianceA = sumAA - (sumA * sumA) / size
  const varianceB = sumBB - (sumB * sumB) / size
  return {
    pearson: correlation(covariance, varianceA, varianceB),
    rowCenteredPearson: Math.min(largestA, largestB) > rounding ? correlation(centeredAB, centeredAA, centeredBB) : NaN,
    jsDivergence: rows > 0 ? Math.max(0, divergence / rows) : NaN,
  }
}

/** A correlation, held within -1..1 against rounding; NaN where one side does not vary. */
function correlation(covariance: number, varianceA: number, varianceB: number): number {
  if (!(varianceA > 0 && varianceB > 0)) return NaN
  return Math.max(-1, Math.min(1, covariance / Math.sqrt(varianceA * varianceB)))
}

/** One key's part of the Jensen-Shannon divergence of two rows, in bits. */
function jsTerm(p: number, q: number): number {
  const middle = (p + q) / 2
  return (p > 0 ? 0.5 * p * Math.log2(p / middle) : 0) + (q > 0 ? 0.5 * q * Math.log2(q / middle) : 0)
}
