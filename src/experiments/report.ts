import type { EngineIdentity } from '../engines/engine.ts'
import type { Estimate, Interval, IntervalMethod } from '../statistics/intervals.ts'
import type { ExperimentKind } from './kinds.ts'
import type { NotebookRun } from './notebook.ts'
import type { Value } from './plan.ts'

export type Verdict = 'supported' | 'refuted' | 'not_distinguishable'

/** An arm's statistic over the units. */
export interface StatisticSummary {
  readonly mean: Value
  readonly sd: Value
  readonly confidenceInterval: Interval | null
  readonly method: IntervalMethod | null
}

export interface ArmReport {
  readonly name: string
  readonly statistics: Readonly<Record<string, StatisticSummary>>
}

/** One statistic, `arm` minus `baseline`, paired by unit. */
export interface Comparison {
  readonly arm: string
  readonly baseline: string
  readonly statistic: string
  readonly meanDifference: Value
  readonly confidenceInterval: Interval | null
  readonly method: IntervalMethod | null
  readonly effectSizeDz: Value
  readonly sharePositive: Value
  readonly seedsFor80PercentPower: Value
  readonly equalUpToRounding: boolean
}

/** What similarity is among heads that have nothing to do with each other. */
export interface NullReport {
  readonly draws: number
  readonly mean: Value
  readonly sd: Value
  /** Share of the null's draws at or below the observed mean, 0 to 1. */
  readonly percentile: Value
}

export interface SimilarityReport extends StatisticSummary {
  readonly null: NullReport
}

export interface Claim {
  readonly id: string
  readonly statement: string
  readonly verdict: Verdict
  readonly statistic: string
  readonly effect: Value
  readonly confidenceInterval: Interval | null
  /** One sentence that a student understands. */
  readonly evidence: string
  /** Other numbers of the evidence, by name. */
  readonly details?: Readonly<Record<string, Value>>
}

export interface Invariant {
  readonly id: string
  readonly statement: string
  readonly maxDeviation: number
  readonly tolerance: number
  readonly holds: boolean
}

/** The study's run, and where its correlation of heads lies among heads that have nothing to do with each other. */
export interface NotebookReport extends NotebookRun {
  /**
   * Share of the null's draws (one pair, one item) at or below it; null where the experiment's heads are of another
   * size.
   */
  readonly headCorrelationPercentile: Value
}

export interface Report {
  readonly experiment: ExperimentKind
  readonly config: Readonly<Record<string, unknown>>
  /** What is averaged over, e.g. seed. */
  readonly unit: string
  /** How many seeds there were, where they are the unit. */
  readonly seeds?: { readonly count: number }
  readonly arms: readonly ArmReport[]
  readonly comparisons: readonly Comparison[]
  /** By measure; heads only. */
  readonly similarity?: Readonly<Record<string, SimilarityReport>>
  readonly claims: readonly Claim[]
  readonly invariants: readonly Invariant[]
  readonly notebook: NotebookReport
  readonly cautions: readonly string[]
  readonly engine: EngineIdentity
}

export function summaryOf({ mean, sd, interval, method }: Estimate): StatisticSummary {
  return { mean, sd, confidenceInterval: interval, method }
}
