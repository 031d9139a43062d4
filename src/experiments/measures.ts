import type { AttentionOutput } from '../engines/engine.ts'
import { itemStatistics, uniformStatistics, weightStatistics } from '../statistics/summary.ts'
import type { RowStatistics } from '../statistics/row-statistics.ts'
import type { AttentionMaps } from '../tensor/attention-maps.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Statistics of attention maps that every arm of every experiment has. */
export const mapStatistics = [...weightStatistics, 'klFromUniform'] as const

/**
 * The map statistics of a head, or of all heads together, over the first `batch` items, in the order of
 * `mapStatistics`; NaN at T = 1. klFromUniform: mean over rows i >= 1 of the Kullback-Leibler divergence of the row
 * from the uniform one, ln(i + 1) minus its entropy, nats.
 */
export function averageMapStatistics(rows: RowStatistics, batch: number, head?: number): number[] {
  const first = head ?? 0
  const last = head ?? rows.heads - 1
  const maps = batch * (last - first + 1)
  const means = new Array<number>(mapStatistics.length).fill(rows.visibility.queries < 2 ? NaN : 0)
  for (let item = 0; item < batch; item++) {
    for (let at = first; at <= last; at++) {
      const statistics = itemStatistics(rows, item, at)
      if (statistics === null) continue
      for (let i = 0; i < weightStatistics.length; i++) means[i]! += statistics[weightStatistics[i]!] / maps
    }
  }
  means[weightStatistics.length] =
    (uniformStatistics(rows.visibility).entropy ?? NaN) - means[weightStatistics.indexOf('entropy')]!
  return means
}

/**
 * Greatest minus least value of an item's context, averaged over the first `batch` items; of one head where `heads` of
 * them lie side by side, with `shift` added to each of its vectors.
 */
export function averageContextRange(
  context: Tensor,
  batch: number,
  head = 0,
  heads = 1,
  shift: Float32Array | null = null,
): number {
  const [, seqLen, stride] = context.shape as [number, number, number]
  const width = stride / heads
  const { data } = context
  let sum = 0
  for (let item = 0; item < batch; item++) {
    let min = Infinity
    let max = -Infinity
    for (let position = item * seqLen; position < (item + 1) * seqLen; position++) {
      const start = position * stride + head * width
      for (let i = 0; i < width; i++) {
        const value = shift === null ? data[start + i]! : data[start + i]! + shift[i]!
        if (value < min) min = value
        if (value > max) max = value
      }
    }
    sum += max - min
  }
  return sum / batch
}

/**
 * Frobenius norm of `a - b` over that of `b` for each of the first `batch` items, averaged; NaN where an item of `b` is
 * 0.
 */
export function averageRelativeDifference(a: Tensor, b: Tensor, batch: number): number {
  const size = a.shape[1]! * a.shape[2]!
  let sum = 0
  for (let item = 0; item < batch; item++) sum += relativeDifference(a.data, b.data, item * size, (item + 1) * size)
  return sum / batch
}

/** Norm of `a - b` over that of `b`, of the values from..to-1. */
export function relativeDifference(a: Float32Array, b: Float32Array, from: number, to: number): number {
  let difference = 0
  let norm = 0
  for (let i = from; i < to; i++) {
    difference += (a[i]! - b[i]!) ** 2
    norm += b[i]! ** 2
  }
  return Math.sqrt(difference / norm)
}

/** Greatest |A - 1/n| over the weights of one item, all heads, n the keys that a row sees; of masks without holes. */
export function deviationFromUniform(weights: AttentionMaps, item: number): number {
  let deviation = 0
  for (let head = 0; head < weights.heads; head++) {
    for (let query = 0; query < weights.queries; query++) {
      const { data, offset, first, end } = weights.locate(item, head, query)
      const uniform = 1 / (end - first)
      for (let at = offset; at < offset + end - first; at++)
        deviation = Math.max(deviation, Math.abs(data[at]! - uniform))
    }
  }
  return deviation
}

/** Greatest difference of the weights of two heads, over the keys that a row sees. */
export function largestWeightDifference(weights: AttentionMaps, headA: number, headB: number): number {
  let largest = 0
  for (let item = 0; item < weights.batch; item++) {
    for (let query = 0; query < weights.queries; query++) {
      const a = weights.locate(item, headA, query)
      const b = weights.locate(item, headB, query)
      for (let key = 0; key < a.end - a.first; key++)
        largest = Math.max(largest, Math.abs(a.data[a.offset + key]! - b.data[b.offset + key]!))
    }
  }
  return largest
}

/** Greatest magnitude of the scores that a row sees. */
export function largestScore(scores: AttentionMaps): number {
  let largest = 0
  for (let item = 0; item < scores.batch; item++) {
    for (let head = 0; head < scores.heads; head++) {
      for (let query = 0; query < scores.queries; query++) {
        const { data, offset, first, end } = scores.locate(item, head, query)
        for (let at = offset; at < offset + end - first; at++) largest = Math.max(largest, Math.abs(data[at]!))
      }
    }
  }
  return largest
}

/** Greatest |sum_j A_ij - 1| over all rows. */
export function largestRowSumError({ rowSums: { sum } }: AttentionOutput): number {
  let largest = 0
  for (let row = 0; row < sum.length; row++) largest = Math.max(largest, Math.abs(sum[row]! - 1))
  return largest
}

/** What the error of a row's sum grows with: as many roundings of float32 (6e-8) as it has weights. */
export function rowSumScale(seqLen: number): number {
  return seqLen / 16
}

/** Greatest weight on a key that a row must not see. */
export function largestFutureWeight({ rowSums }: AttentionOutput): number {
  return rowSums.maxHiddenWeight
}
