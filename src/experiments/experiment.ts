import type { ExperimentConfig } from './config.ts'
import type { ExperimentKind } from './kinds.ts'
import type { Plan, Value } from './plan.ts'
import type { Claim, Invariant, SimilarityReport } from './report.ts'
import type { Sample } from './sample.ts'

/** What an experiment finds beside what every experiment reports. */
export interface Findings {
  readonly claims: readonly Claim[]
  /** By measure, where heads are compared. */
  readonly similarity?: Readonly<Record<string, SimilarityReport>>
  /** Where the study's correlation of heads lies among single pairs of independent heads, where their size is its. */
  readonly headCorrelationPercentile: Value
}

/** One question that can be asked: what is run for it, and how the study's claims are judged by what comes out. */
export interface Experiment<Config extends ExperimentConfig = ExperimentConfig> {
  readonly kind: ExperimentKind
  plan(config: Config): Plan<Config>
  /** What its configuration has beside the members that all have: of the model, and beside it. */
  describe(config: Config): { readonly model: Readonly<Record<string, unknown>>; readonly [member: string]: unknown }
  /** Which arm is held against which. */
  pairs(config: Config): readonly { readonly arm: string; readonly baseline: string }[]
  findings(plan: Plan<Config>, sample: Sample, invariants: readonly Invariant[]): Findings
  cautions(config: Config, invariants: readonly Invariant[]): readonly string[]
}
