import { estimateMean } from '../../statistics/intervals.ts'
import { moments } from '../../statistics/moments.ts'
import { inputSize } from '../config.ts'
import { valueOf } from '../plan.ts'
import type { Plan, Value } from '../plan.ts'
import { summaryOf } from '../report.ts'
import type { NullReport, SimilarityReport } from '../report.ts'
import { defined } from '../sample.ts'
import type { Sample } from '../sample.ts'
import { similarityArm } from './arms.ts'
import { headsDefaults } from './config.ts'
import type { HeadsConfig } from './config.ts'
import { similarityMeasures } from './similarity-null.ts'

/** How alike the heads of a model are, each measure beside its null. */
export function similarityReports(plan: Plan<HeadsConfig>, sample: Sample): Record<string, SimilarityReport> {
  const arm = similarityArm(plan.config).name
  return Object.fromEntries(
    similarityMeasures.map((measure, i) => {
      const observed = estimateMean(defined(sample.of(arm, measure)), plan.config.confidence)
      return [measure, { ...summaryOf(observed), null: nullReport(nullColumn(sample, i), observed.mean) }]
    }),
  )
}

/** One measure of the null's draws, in no particular order. */
function nullColumn(sample: Sample, measure: number): Float64Array {
  return defined(sample.nullDraws(measure))
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
export function notebookPercentile(config: HeadsConfig, sample: Sample): Value {
  const study = headsDefaults
  const { seqLen } = inputSize(config.input)
  const arm = similarityArm(config)
  const sameSize =
    !('values' in config.input) &&
    config.dIn === study.dIn &&
    arm.headDim === study.dOut / study.numHeads[0] &&
    seqLen === study.input.seqLen
  return sameSize ? percentile(nullColumn(sample, similarityMeasures.length), sample.notebook.headCorrelation) : null
}
