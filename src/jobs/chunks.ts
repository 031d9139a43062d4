import { estimateExperimentBytes, estimateOperations } from '../experiments/estimate.ts'
import { seedsOf } from '../experiments/plan.ts'
import type { Plan } from '../experiments/plan.ts'

/** Operations of one chunk: about a quarter of a second, so that an interactive request waits no longer behind one. */
const workPerChunk = 2.5e8
/** Their rows are about what a gateway holds to try again. */
const mostSeedsPerChunk = 800
const mostChunks = 1_000
const fewestChunks = 20
/** Bytes of a report that is kept beside the rows; a larger one is made of them when it is asked for. */
export const largestKeptReport = 4 * 2 ** 20

/** Seeds of a chunk: by the work they are, with progress to show for short jobs and not too many rows for long ones. */
export function seedsPerChunk(plan: Plan): number {
  const seeds = seedsOf(plan)
  const byWork = Math.floor(workPerChunk / (estimateOperations(plan) / seeds))
  const most = Math.min(mostSeedsPerChunk, Math.ceil(seeds / fewestChunks))
  return Math.max(1, Math.ceil(seeds / mostChunks), Math.min(byWork, most))
}

/** A chunk in the database, beside its rows: its place in two tables and in the queue, and the event of its end. */
const bytesPerChunk = 1_500
/** A job with a short report. */
const bytesPerJob = 20_000

/**
 * Bytes that are kept of a plan in the database beside its request, about and at most: the rows, with 20 characters a
 * number, once more in a report that has them, and what carries and tells them.
 */
export function storedBytes(plan: Plan, reportsRows: boolean, seedsAtOnce: number): number {
  const values = plan.arms.length * plan.statistics.length + 2 * plan.invariants.length
  const seeds = seedsOf(plan)
  const rows = seeds * (40 + 20 * values)
  return (
    bytesPerJob +
    rows +
    (reportsRows ? Math.min(largestKeptReport, rows) : 0) +
    Math.ceil(seeds / seedsAtOnce) * bytesPerChunk
  )
}

/** Bytes that the work on a chunk holds. */
export function estimateChunkBytes(plan: Plan, seeds: number): number {
  return estimateExperimentBytes({ ...plan, config: { ...plan.config, seeds: { first: 0, count: seeds } } })
}
