import { biasCautions } from '../cautions.ts'
import type { Experiment } from '../experiment.ts'
import { biasClaims } from './claims.ts'
import type { BiasConfig } from './config.ts'
import { planBias } from './plan.ts'

/** Does a bias of queries, keys and values make attention more uniform? */
export const bias: Experiment<BiasConfig> = {
  kind: 'bias',
  plan: planBias,
  describe: ({ arms }) => ({ model: {}, arms }),
  pairs: ({ arms }) => arms.filter((arm) => arm !== 'none').map((arm) => ({ arm, baseline: 'none' })),
  findings: (plan, sample, invariants) => ({
    claims: biasClaims(plan, sample, invariants),
    headCorrelationPercentile: null,
  }),
  cautions: biasCautions,
}
