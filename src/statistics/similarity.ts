import type { AttentionMaps } from '../tensor/attention-maps.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** How alike the heads of an item are, each measure (batch, heads, heads). */
export interface Similarity {
  /** Pearson correlation of the whole maps, zeros and all: high for any two causal maps, see experiments.md. */
  readonly pearson: Tensor
  /** Correlation after 1/(i+1) is subtracted in each row, rows i >= 1, keys j <= i. NaN where a map is uniform. */
  readonly rowCenteredPearson: Tensor
  /** Mean over rows i >= 1 of the rows' Jensen-Shannon divergence, base 2. NaN at T = 1. */
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

/** The three measures of heads `a` and `b` of an item; `b` may come from other maps of the same length (`other`). */
export function pairSimilarity(
  weights: AttentionMaps,
  item: number,
  a: number,
  b: number,
  other: AttentionMaps = weights,
): PairSimilarity {
  const { seqLen } = weights
  const size = seqLen * seqLen
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
  for (let query = 0; query < seqLen; query++) {
    const rowA = weights.locate(item, a, query)
    const rowB = other.locate(item, b, query)
    const uniform = 1 / (query + 1)
    for (let key = 0; key <= query; key++) {
      const p = rowA.data[rowA.offset + key]!
      const q = rowB.data[rowB.offset + key]!
      sumA += p
      sumB += q
      sumAA += p * p
      sumBB += q * q
      sumAB += p * q
      if (query === 0) continue
      const u = p - uniform
      const v = q - uniform
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
    jsDivergence: seqLen > 1 ? Math.max(0, divergence / (seqLen - 1)) : NaN,
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
