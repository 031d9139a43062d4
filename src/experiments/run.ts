import { setImmediate } from 'node:timers/promises'
import { runWork } from './estimate.ts'
import { seedsOf } from './plan.ts'
import type { Plan, Run, SeedRow } from './plan.ts'

/** Work, in multiply-adds, after which other requests and a cancellation get their turn: about ten milliseconds. */
const workBetweenPauses = 1e7

/** Rows of the seeds at positions from..to-1. The same rows however the positions are split. */
export async function runRows(plan: Plan, from: number, to: number, run: Run, signal?: AbortSignal): Promise<SeedRow[]> {
  const paced = pacedRun(run, signal)
  const rows: SeedRow[] = []
  for (let position = from; position < to; position++) rows.push(await plan.runSeed(position, paced))
  return rows
}

export interface RunOptions {
  /** Ends the work between two problems; its reason is thrown. */
  readonly signal?: AbortSignal
  /** After every chunk: seeds done, seeds in all. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Every row of a plan, in chunks of `seedsPerChunk`. */
export async function runPlan(plan: Plan, run: Run, { signal, onProgress }: RunOptions = {}, seedsPerChunk = 50): Promise<SeedRow[]> {
  const total = seedsOf(plan)
  const rows: SeedRow[] = []
  for (let from = 0; from < total; from += seedsPerChunk) {
    for (const row of await runRows(plan, from, Math.min(total, from + seedsPerChunk), run, signal)) rows.push(row)
    onProgress?.(rows.length, total)
  }
  return rows
}

/** `run`, letting the event loop turn in between and stopping when the signal says so. */
function pacedRun(run: Run, signal: AbortSignal | undefined): Run {
  let work = 0
  return async (problem, wanted) => {
    work += runWork(problem)
    if (work > workBetweenPauses) {
      work = 0
      await setImmediate()
    }
    signal?.throwIfAborted()
    return run(problem, wanted)
  }
}
