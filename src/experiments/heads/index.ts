import { headsCautions } from '../cautions.ts'
import type { Experiment } from '../experiment.ts'
import { headsComparisons } from './arms.ts'
import { headsClaims } from './claims.ts'
import type { HeadsConfig } from './config.ts'
import { planHeads } from './plan.ts'
import { notebookPercentile, similarityReports } from './similarity.ts'

/** Do more heads help, and are heads redundant? */
export const heads: Experiment<HeadsConfig> = {
  kind: 'heads',
  plan: planHeads,
  describe: ({ numHeads }) => ({ model: { numHeads } }),
  pairs: headsComparisons,
  findings(plan, sample) {
    const similarity = similarityReports(plan, sample)
    return {
      claims: headsClaims(plan, sample, similarity),
      similarity,
      headCorrelationPercentile: notebookPercentile(plan.config, sample),
    }
  },
  cautions: headsCautions,
}
