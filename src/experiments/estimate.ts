import type { EngineName } from '../engines/engine.ts'
import { directLimit, directWork } from '../engines/select.ts'
import { ServiceError } from '../errors.ts'
import type { ProblemOutline } from '../problem/outline.ts'
import { contextDim, mixedDim, multiplyAdds } from '../problem/size.ts'
import { seenPairs } from '../problem/visibility.ts'
import type { Plan, PlannedRun } from './plan.ts'

/**
 * Nanoseconds, about, of one core: what any run costs, each multiply-add, and each weight beside its multiply-adds
 * (exponential, statistics of its row). Large problems go to a native engine, which is slow to call and fast to
 * compute.
 */
const direct = { run: 8_000, multiplyAdd: 0.5, weight: 15 }
const native = { run: 100_000, multiplyAdd: 0.04, weight: 5 }
const reference = { run: 10_000, multiplyAdd: 5, weight: 100 }

type SizeAndVisibility = Pick<ProblemOutline, 'size' | 'visibility'>

/** Operations of one run, where an operation takes about a nanosecond. */
export function runWork({ size, visibility }: SizeAndVisibility, engine?: EngineName): number {
  const small = engine === 'direct' || (engine === undefined && directWork({ size, visibility }) <= directLimit)
  const cost = engine === 'reference' ? reference : small ? direct : native
  return (
    cost.run +
    cost.multiplyAdd * multiplyAdds(size, seenPairs(visibility, size)) +
    cost.weight * size.batch * size.heads * size.queries * size.keys
  )
}

/** Operations of a whole experiment. */
export function estimateOperations(plan: Plan, units = plan.units): number {
  const sum = (runs: readonly PlannedRun[]): number =>
    runs.reduce((work, run) => work + run.times * (runWork(run.outline, plan.config.engine) + run.extra), 0)
  return sum(plan.unitRuns) * units + sum(plan.fixedRuns)
}

/**
 * Bytes that an experiment holds at its worst, or so many units of it: the largest problem with every stage, and all
 * rows.
 */
export function estimateExperimentBytes(plan: Plan, units = plan.units): number {
  const bytesOf = ({ outline: { size } }: PlannedRun): number => {
    const { batch, heads, queries, keys, dIn } = size
    const width = mixedDim(size)
    const parameters = 3 * dIn * width + width * size.outputDim
    const maps = batch * heads * queries * keys
    const stages = batch * queries * (dIn + 9 * width + contextDim(size))
    return 4 * (2 * parameters + stages + 3 * maps) + 56 * batch * heads * queries
  }
  const runs = [...plan.unitRuns, ...plan.fixedRuns]
  const values = plan.arms.length * plan.statistics.length + 2 * plan.invariants.length
  // An arm's maps are held until the seed's arms have been compared; a row's numbers are boxed until they are columns.
  return runs.reduce((bytes, run) => bytes + bytesOf(run), 0) + units * (100 + 24 * values)
}

/** The largest problem of an experiment, by which its engine is chosen: one for all of it. */
export function largestRun(plan: Plan): PlannedRun {
  const workOf = ({ outline: { size, visibility } }: PlannedRun): number =>
    multiplyAdds(size, seenPairs(visibility, size))
  return plan.unitRuns.reduce((largest, run) => (workOf(run) > workOf(largest) ? run : largest))
}

/**
 * Throws `work-too-large`, the estimate beside the limit, where an experiment has more units or more work than allowed;
 * `advice` says what else can be done.
 */
export function refuseTooMuchWork(plan: Plan, limits: { maxUnits: number; work: number }, advice: string): void {
  const { unit, units } = plan
  const work = Math.ceil(estimateOperations(plan))
  const limit = Math.min(limits.work, Math.floor((work / units) * limits.maxUnits))
  if (work <= limit) return
  const detail =
    units > limits.maxUnits
      ? `${units} ${unit.plural} are more than the limit of ${limits.maxUnits} (MAX_SEEDS), for jobs as well.`
      : `The experiment is about ${work.toExponential(1)} operations; the limit is ${limit.toExponential(1)}. ${advice}`
  throw new ServiceError('work-too-large', detail, { extra: { estimated_work: work, limit_work: limit } })
}
