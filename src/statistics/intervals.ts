import tQuantile from '@stdlib/stats-base-dists-t-quantile'
import { bootstrapInterval } from './bootstrap.ts'
import { moments } from './moments.ts'
import type { Moments } from './moments.ts'

export type Interval = readonly [low: number, high: number]
export type IntervalMethod = 't' | 'bootstrap-t'

/** A mean and how well it is known. */
export interface Estimate {
  /** Values that it comes from. */
  readonly count: number
  readonly mean: number | null
  readonly sd: number | null
  /** Null below two values. */
  readonly interval: Interval | null
  readonly method: IntervalMethod | null
}

/** Fewest values that a bootstrap is made of: below, there are too few different resamples. */
const fewestToResample = 5
/** Most values: above, a mean is normal enough for any skewness, and resampling costs seconds. */
const mostToResample = 10_000

/**
 * The interval of a mean over independent values. Student's t where the mean is near enough to normal, which a sample
 * of n is when n >= 25 times its skewness squared (Cochran 1977, Sampling Techniques, sec. 2.15); else the bootstrap-t,
 * seeded by `seed`. A sample that does not vary has the interval of that one value.
 */
export function estimateMean(values: ArrayLike<number>, confidence: number, seed = 0): Estimate {
  const found = moments(values)
  const { count, mean, sd, skewness } = found
  if (count === 0) return { count, mean: null, sd: null, interval: null, method: null }
  if (count < 2) return { count, mean, sd: null, interval: null, method: null }
  const skewed = count < 25 * skewness * skewness
  if (skewed && count >= fewestToResample && count <= mostToResample) {
    return { count, mean, sd, interval: bootstrapInterval(values, confidence, seed), method: 'bootstrap-t' }
  }
  return { count, mean, sd, interval: studentInterval(found, confidence), method: 't' }
}

/** Student's t interval of a mean, of two values or more. */
export function studentInterval({ count, mean, sd }: Moments, confidence: number): Interval {
  const half = (tQuantile((1 + confidence) / 2, count - 1) * sd) / Math.sqrt(count)
  return [mean - half, mean + half]
}
