import { estimateExperimentBytes, estimateOperations } from '../experiments/estimate.ts'
import { seedsOf } from '../experiments/plan.ts'
import type { Plan } from '../experiments/plan.ts'

/** Operations of one chunk: about a quarter of a second, so that an interactive request waits no longer behind one. */
const workPerChunk = 2.5e8
/** Their rows are about what a gateway holds to try again. */
const mostSeedsPerChunk = 800
const mostChunks = 1_000
const fewestChunks = 20

/** Seeds of a chunk: by the work they are, with progress to show for short jobs and not too many rows for long ones. */
export function seedsPerChunk(plan: Plan): number {
  const seeds = seedsOf(plan)
  const byWork = Math.floor(workPerChunk / (estimateOperations(plan) / seeds))
  const most = Math.min(mostSeedsPerChunk, Math.ceil(seeds / fewestChunks))
  return Math.max(1, Math.ceil(seeds / mostChunks), Math.min(byWork, most))
}

/** Bytes that the rows of a plan take in the database, about: 20 characters a number. */
export function rowBytes(plan: Plan): number {
  const values = plan.arms.length * plan.statistics.length + 2 * plan.invariants.length
  return 20_000 + seedsOf(plan) * (40 + 20 * values)
}

/** Bytes that the work on a chunk holds. */
export function estimateChunkBytes(plan: Plan, seeds: number): number {
  return estimateExperimentBytes({ ...plan, config: { ...plan.config, seeds: { first: 0, count: seeds } } })
}
