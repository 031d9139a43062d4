import { estimateMean } from './intervals.ts'
import type { Estimate } from './intervals.ts'
import { seedsForPower } from './power.ts'

/** A paired difference over seeds. */
export interface PairedDifference extends Estimate {
  /**
   * d_z: mean over standard deviation of the differences. Null below two seeds, where nothing varies, and for rounding
   * alone.
   */
  readonly effectSize: number | null
  /** Share of seeds with a difference above 0. */
  readonly sharePositive: number | null
  readonly seedsFor80PercentPower: number | null
  /** Every difference is within `resolution`: the two are equal, and what is left is float32's rounding. */
  readonly equalUpToRounding: boolean
}

/** `values` minus `baseline`, seed by seed; seeds where either is NaN are left out. */
export function pairedDifferences(values: ArrayLike<number>, baseline: ArrayLike<number>): Float64Array {
  const differences = new Float64Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) {
    const difference = values[i]! - baseline[i]!
    if (!Number.isNaN(difference)) differences[count++] = difference
  }
  return differences.subarray(0, count)
}

/**
 * What the paired differences say. Differences that are all within `resolution` are rounding: an effect size of them
 * would be large and mean nothing, so there is none.
 */
export function comparePaired(
  differences: Float64Array,
  confidence: number,
  resolution: number,
  seed = 0,
): PairedDifference {
  const estimate = estimateMean(differences, confidence, seed)
  const equalUpToRounding = differences.every((difference) => Math.abs(difference) <= resolution)
  const positive = differences.reduce((count, difference) => count + (difference > 0 ? 1 : 0), 0)
  const effectSize = equalUpToRounding || !estimate.sd ? null : estimate.mean! / estimate.sd
  return {
    ...estimate,
    effectSize,
    sharePositive: differences.length === 0 || equalUpToRounding ? null : positive / differences.length,
    seedsFor80PercentPower: effectSize === null ? null : seedsForPower(effectSize, confidence),
    equalUpToRounding: equalUpToRounding && differences.length > 0,
  }
}
