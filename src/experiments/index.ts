import type { EngineIdentity } from '../engines/engine.ts'
import { planBias } from './bias.ts'
import { reportBias } from './bias-report.ts'
import type { BiasConfig, ExperimentConfig, HeadsConfig } from './config.ts'
import { planHeads } from './heads.ts'
import { reportHeads } from './heads-report.ts'
import type { Plan, SeedRow } from './plan.ts'
import type { Report } from './report.ts'

/** The plan of a configuration: what will be run, and how. */
export function planOf(config: ExperimentConfig): Plan {
  return config.experiment === 'bias' ? planBias(config) : planHeads(config)
}

/** The report of a plan's rows, all of them, in the order of the seeds. The same rows give the same report. */
export function reportOf(plan: Plan, rows: readonly SeedRow[], engine: EngineIdentity): Report {
  return plan.config.experiment === 'bias'
    ? reportBias(plan as Plan<BiasConfig>, rows, engine)
    : reportHeads(plan as Plan<HeadsConfig>, rows, engine)
}
