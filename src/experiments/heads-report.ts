import type { EngineIdentity } from '../engines/engine.ts'
import { estimateMean } from '../statistics/intervals.ts'
import { moments } from '../statistics/moments.ts'
import { headsCautions } from './cautions.ts'
import { armReports, comparisons, invariantReports } from './compare.ts'
import { defaults, inputSize } from './config.ts'
import type { HeadsConfig } from './config.ts'
import { configReport } from './config-report.ts'
import { headsArms, headsComparisons, similarityArm } from './heads-arms.ts'
import { headsClaims } from './heads-claims.ts'
import { valueOf } from './plan.ts'
import type { Plan, SeedRow, Value } from './plan.ts'
import { summaryOf } from './report.ts'
import type { NullReport, Report, SimilarityReport } from './report.ts'
import { defined, Sample } from './sample.ts'
import { similarityMeasures } from './similarity-null.ts'

/** What the rows of all seeds say about the study's claims on the number of heads. */
export function reportHeads(plan: Plan<HeadsConfig>, rows: readonly SeedRow[], engine: EngineIdentity): Report {
  const { config } = plan
  const sample = new Sample(plan, rows)
  const invariants = invariantReports(plan, sample)
  const similarity = similarityReports(plan, sample, rows)
  const notebook = rows[0]!.notebook!
  return {
    experiment: 'heads',
    config: configReport(config),
    seeds: { count: rows.length },
    arms: armReports(
      plan,
      sample,
      headsArms(config).map(({ name }) => name),
    ),
    comparisons: comparisons(plan, sample, headsComparisons(config)),
    similarity,
    claims: headsClaims(plan, sample, similarity, notebook),
    invariants,
    notebook: { ...notebook, headCorrelationPercentile: notebookPercentile(config, rows, notebook.headCorrelation) },
    cautions: headsCautions(config, invariants),
    engine,
  }
}

function similarityReports(
  plan: Plan<HeadsConfig>,
  sample: Sample,
  rows: readonly SeedRow[],
): Record<string, SimilarityReport> {
  const arm = similarityArm(plan.config).name
  return Object.fromEntries(
    similarityMeasures.map((measure, i) => {
      const observed = estimateMean(defined(sample.of(arm, measure)), plan.config.confidence)
      return [measure, { ...summaryOf(observed), null: nullReport(nullColumn(rows, i), observed.mean) }]
    }),
  )
}

/** One measure of the null's draws, in no particular order. */
function nullColumn(rows: readonly SeedRow[], measure: number): Float64Array {
  return defined(Float64Array.from(rows.flatMap((row) => row.nullDraws!.map((draw) => draw[measure] ?? NaN))))
}

function nullReport(draws: Float64Array, observed: Value): NullReport {
  const { count, mean, sd } = moments(draws)
  return { draws: count, mean: valueOf(mean), sd: valueOf(sd), percentile: percentile(draws, observed) }
}

/** Share of the null's draws at or below `observed`. */
function percentile(draws: Float64Array, observed: Value): Value {
  if (observed === null || draws.length === 0) return null
  return draws.reduce((count, draw) => count + (draw <= observed ? 1 : 0), 0) / draws.length
}

/** Where the study's one correlation lies among single pairs of independent heads of the study's size. */
function notebookPercentile(config: HeadsConfig, rows: readonly SeedRow[], correlation: Value): Value {
  const study = defaults.heads
  const { seqLen } = inputSize(config.input)
  const arm = similarityArm(config)
  const sameSize =
    !('values' in config.input) &&
    config.dIn === study.dIn &&
    arm.headDim === study.dOut / study.numHeads[0] &&
    seqLen === study.input.seqLen
  return sameSize ? percentile(nullColumn(rows, similarityMeasures.length), correlation) : null
}
