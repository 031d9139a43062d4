import * as kernels from '../kernels/kernels.ts'
import type { Tensor } from '../tensor/tensor.ts'

export interface ContextStatistics {
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Population standard deviation over all values. */
  readonly std: number
  /** Mean Euclidean norm of a position's vector. */
  readonly normMean: number
  /** Whether every value is finite. */
  readonly finite: boolean
}

/**
 * Statistics of context vectors, (batch, queries, contextDim), by the WebAssembly kernel: in windows that stay in the
 * nearest cache, each taken about its own mean in two passes, so that a small spread around a large mean is not lost.
 */
export function contextStatistics({ data, shape }: Tensor): ContextStatistics {
  const width = shape.at(-1)!
  const { scratch, scratchLength, windowMoments } = kernels
  let min = Infinity,
    max = -Infinity,
    sum = 0,
    norms = 0
  // Means are taken relative to the first window's: differences of large means would have lost a small spread.
  let reference = 0,
    offsets = 0,
    deviations = 0
  for (let start = 0; start < data.length; start += scratchLength) {
    const count = Math.min(scratchLength, data.length - start)
    scratch.floats.set(count === data.length ? data : data.subarray(start, start + count))
    kernels.moments(count, width, width - (start % width))
    if (windowMoments[0]! < min) min = windowMoments[0]!
    if (windowMoments[1]! > max) max = windowMoments[1]!
    const mean = windowMoments[2]! / count
    if (start === 0) reference = mean
    const offset = mean - reference + windowMoments[3]! / count
    deviations += windowMoments[4]!
    // Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    if (start > 0) deviations += (offset - offsets / start) ** 2 * ((start * count) / (start + count))
    offsets += offset * count
    sum += windowMoments[2]!
    norms += windowMoments[5]!
  }
  // Float64 has room for the sum of as many finite float32 values as an array can hold.
  return statisticsOf(data.length, width, min, max, sum, deviations, norms, Number.isFinite(sum))
}

/** The same in plain loops: the definition. */
export function plainContextStatistics({ data, shape }: Tensor): ContextStatistics {
  const width = shape.at(-1)!
  let min = Infinity,
    max = -Infinity,
    sum = 0,
    norms = 0
  for (let start = 0; start < data.length; start += width) {
    let square = 0
    for (let i = start; i < start + width; i++) {
      const value = data[i]!
      if (value < min) min = value
      if (value > max) max = value
      sum += value
      square += value * value
    }
    norms += Math.sqrt(square)
  }
  const mean = sum / data.length
  let deviations = 0
  for (let i = 0; i < data.length; i++) deviations += (data[i]! - mean) ** 2
  return statisticsOf(data.length, width, min, max, sum, deviations, norms, data.every(Number.isFinite))
}

function statisticsOf(
  count: number,
  width: number,
  min: number,
  max: number,
  sum: number,
  deviations: number,
  norms: number,
  finite: boolean,
): ContextStatistics {
  return { min, max, mean: sum / count, std: Math.sqrt(deviations / count), normMean: norms / (count / width), finite }
}
