import { estimateMean } from '../statistics/intervals.ts'
import { comparePaired, pairedDifferences } from '../statistics/paired.ts'
import type { PairedDifference } from '../statistics/paired.ts'
import type { Plan } from './plan.ts'
import { summaryOf } from './report.ts'
import type { ArmReport, Comparison, Invariant } from './report.ts'
import { defined } from './sample.ts'
import type { Sample } from './sample.ts'

/** What float32 may move a statistic by, for statistics of the size of 1. */
const resolution = 1e-6

/** Every statistic of the arms named. */
export function armReports(plan: Plan, sample: Sample, names: readonly string[]): ArmReport[] {
  return names.map((name) => ({
    name,
    statistics: Object.fromEntries(
      plan.statistics.map((statistic) => {
        return [statistic, summaryOf(estimateMean(defined(sample.of(name, statistic)), plan.config.confidence))]
      }),
    ),
  }))
}

/** `arm` minus `baseline`, paired by seed. */
export function difference(
  plan: Plan,
  sample: Sample,
  arm: string,
  baseline: string,
  statistic: string,
): PairedDifference {
  const values = sample.of(arm, statistic)
  const size = Math.max(1, ...[values, sample.of(baseline, statistic)].map(largestMagnitude))
  return comparePaired(
    pairedDifferences(values, sample.of(baseline, statistic)),
    plan.config.confidence,
    resolution * size,
  )
}

/** Every statistic of every pair of arms; a statistic that one of the two does not have is left out. */
export function comparisons(
  plan: Plan,
  sample: Sample,
  pairs: readonly { arm: string; baseline: string }[],
): Comparison[] {
  return pairs.flatMap(({ arm, baseline }) =>
    plan.statistics.flatMap((statistic) => {
      const { count, mean, interval, method, effectSize, sharePositive, seedsFor80PercentPower, equalUpToRounding } =
        difference(plan, sample, arm, baseline, statistic)
      if (count === 0) return []
      return [
        {
          arm,
          baseline,
          statistic,
          meanDifference: mean,
          confidenceInterval: interval,
          method,
          effectSizeDz: effectSize,
          sharePositive,
          seedsFor80PercentPower,
          equalUpToRounding,
        },
      ]
    }),
  )
}

const statements: Readonly<Record<string, string>> = {
  'key-bias-leaves-weights':
    'A bias of the keys changes no weight: it adds the same to every score of a row, which softmax ignores.',
  'value-bias-shifts-context':
    'A bias of the values adds exactly itself to every context vector, since the weights of a row sum to one.',
  'zero-input-is-uniform': 'On an input of zeros every arm attends uniformly: all scores of a row are equal.',
  'rows-sum-to-one': 'The weights of every row sum to one.',
  'no-future-weight': 'No row puts any weight on a later key.',
}

/** What float32 may leave of an exact identity, for numbers of the size of 1. No weight on the future is exact. */
const tolerances: Readonly<Record<string, number>> = { 'no-future-weight': 0 }

/**
 * Each invariant's greatest deviation over all seeds; the tolerance grows with the numbers whose rounding it allows
 * for.
 */
export function invariantReports(plan: Plan, sample: Sample): Invariant[] {
  return plan.invariants.map((id) => {
    const { deviation, scale } = sample.invariant(id)
    const tolerance = (tolerances[id] ?? resolution) * Math.max(1, scale)
    return { id, statement: statements[id]!, maxDeviation: deviation, tolerance, holds: deviation <= tolerance }
  })
}

function largestMagnitude(values: Float64Array): number {
  return values.reduce((largest, value) => (Math.abs(value) > largest ? Math.abs(value) : largest), 0)
}
