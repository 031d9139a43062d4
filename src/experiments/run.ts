import { setImmediate } from 'node:timers/promises'
import { runWork } from './estimate.ts'
import type { Plan, Run, UnitRow } from './plan.ts'

/** Operations after which other requests and a cancellation get their turn: about ten milliseconds. */
const workBetweenPauses = 1e7

export interface RunOptions {
  /** Ends the work between two problems; its reason is thrown. */
  readonly signal?: AbortSignal
  /** Called after every ten milliseconds' worth of work, and waited for: lets others have their turn. */
  readonly pause?: () => Promise<unknown>
  /** Called after every unit with the number done. */
  readonly onProgress?: (done: number) => void
}

/** Rows of the units at positions from..to-1. The same rows however the positions are split. */
export async function runRows(
  plan: Plan,
  from: number,
  to: number,
  run: Run,
  options: RunOptions = {},
): Promise<UnitRow[]> {
  const paced = pacedRun(run, options)
  const rows: UnitRow[] = []
  for (let position = from; position < to; position++) {
    rows.push(await plan.runUnit(position, paced))
    options.onProgress?.(rows.length)
  }
  return rows
}

/** Every row of a plan. */
export function runPlan(plan: Plan, run: Run, options: RunOptions = {}): Promise<UnitRow[]> {
  return runRows(plan, 0, plan.units, run, options)
}

/** `run`, pausing in between and stopping when the signal says so. */
function pacedRun(run: Run, { signal, pause = setImmediate }: RunOptions): Run {
  let work = 0
  return async (problem, wanted) => {
    work += runWork(problem)
    if (work > workBetweenPauses) {
      work = 0
      await pause()
    }
    signal?.throwIfAborted()
    return run(problem, wanted)
  }
}
