import type { EngineIdentity } from '../engines/engine.ts'
import { bias } from './bias/index.ts'
import { armReports, comparisons, invariantReports } from './compare.ts'
import type { ExperimentConfig } from './config.ts'
import { configReport } from './config-report.ts'
import type { Experiment } from './experiment.ts'
import { heads } from './heads/index.ts'
import type { ExperimentKind } from './kinds.ts'
import type { Plan, UnitRow } from './plan.ts'
import type { Report } from './report.ts'
import { Sample } from './sample.ts'

/** Every experiment that there is. */
const experiments: Readonly<Record<ExperimentKind, Experiment>> = { bias, heads }

/** The plan of a configuration: what will be run, and how. */
export function planOf(config: ExperimentConfig): Plan {
  return experiments[config.experiment].plan(config)
}

/** The report of a plan's rows, all of them, in the order of the units. The same rows give the same report. */
export function reportOf(plan: Plan, rows: readonly UnitRow[], engine: EngineIdentity): Report {
  const { config, unit } = plan
  const experiment = experiments[config.experiment]
  const sample = new Sample(plan, rows)
  const invariants = invariantReports(plan, sample)
  const { claims, similarity, headCorrelationPercentile } = experiment.findings(plan, sample, invariants)
  return {
    experiment: experiment.kind,
    config: configReport(config, experiment.describe(config)),
    unit: unit.name,
    [unit.plural]: { count: rows.length },
    arms: armReports(plan, sample, plan.reported),
    comparisons: comparisons(plan, sample, experiment.pairs(config)),
    ...(similarity === undefined ? {} : { similarity }),
    claims,
    invariants,
    notebook: { ...rows[0]!.notebook!, headCorrelationPercentile },
    cautions: experiment.cautions(config, invariants),
    engine,
  }
}
