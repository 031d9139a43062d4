import { estimateExperimentBytes, estimateOperations } from '../experiments/estimate.ts'
import type { Plan } from '../experiments/plan.ts'

/** Operations of one chunk: about a quarter of a second, so that an interactive request waits no longer behind one. */
const workPerChunk = 2.5e8
/** Their rows are about what a gateway holds to try again. */
const mostUnitsPerChunk = 800
const mostChunks = 1_000
const fewestChunks = 20
/** Bytes of a report that is kept beside the rows; a larger one is made of them when it is asked for. */
export const largestKeptReport = 4 * 2 ** 20

/** Units of a chunk: by the work they are, with progress to show for short jobs and not too many rows for long ones. */
export function unitsPerChunk(plan: Plan): number {
  const { units } = plan
  const byWork = Math.floor(workPerChunk / (estimateOperations(plan) / units))
  const most = Math.min(mostUnitsPerChunk, Math.ceil(units / fewestChunks))
  return Math.max(1, Math.ceil(units / mostChunks), Math.min(byWork, most))
}

/** A chunk in the database, beside its rows: its place in two tables and in the queue, and the event of its end. */
const bytesPerChunk = 1_500
/** A job with a short report. */
const bytesPerJob = 20_000

/**
 * Bytes that are kept of a plan in the database beside its request, about and at most: the rows, with 20 characters a
 * number, once more in a report that has them, and what carries and tells them.
 */
export function storedBytes(plan: Plan, reportsRows: boolean, unitsAtOnce: number): number {
  const values = plan.arms.length * plan.statistics.length + 2 * plan.invariants.length
  const { units } = plan
  const rows = units * (40 + 20 * values)
  return (
    bytesPerJob +
    rows +
    (reportsRows ? Math.min(largestKeptReport, rows) : 0) +
    Math.ceil(units / unitsAtOnce) * bytesPerChunk
  )
}

/** Bytes that the work on a chunk holds. */
export function estimateChunkBytes(plan: Plan, units: number): number {
  return estimateExperimentBytes(plan, units)
}
