import type { EngineName } from '../engines/engine.ts'
import { directLimit, directWork, multiplyAdds } from '../engines/select.ts'
import { ServiceError } from '../errors.ts'
import { seedsOf } from './plan.ts'
import type { Plan, PlannedRun } from './plan.ts'

/**
 * Nanoseconds, about, of one core: what any run costs, each multiply-add, and each weight beside its multiply-adds
 * (exponential, statistics of its row). Large problems go to a native engine, which is slow to call and fast to
 * compute.
 */
const direct = { run: 8_000, multiplyAdd: 0.5, weight: 15 }
const native = { run: 100_000, multiplyAdd: 0.04, weight: 5 }
const reference = { run: 10_000, multiplyAdd: 5, weight: 100 }

/** Operations of one run, where an operation takes about a nanosecond. */
export function runWork(size: Parameters<typeof multiplyAdds>[0], engine?: EngineName): number {
  const small = engine === 'direct' || (engine === undefined && directWork(size) <= directLimit)
  const cost = engine === 'reference' ? reference : small ? direct : native
  return (
    cost.run +
    cost.multiplyAdd * multiplyAdds(size) +
    cost.weight * size.batch * size.numHeads * size.seqLen * size.seqLen
  )
}

/** Operations of a whole experiment. */
export function estimateOperations(plan: Plan): number {
  const sum = (runs: readonly PlannedRun[]): number =>
    runs.reduce((work, run) => work + run.times * (runWork(run, plan.config.engine) + run.extra), 0)
  return sum(plan.seedRuns) * seedsOf(plan) + sum(plan.fixedRuns)
}

/** Bytes that an experiment holds at its worst: the largest problem with every stage, and all rows. */
export function estimateExperimentBytes(plan: Plan): number {
  const bytesOf = ({ batch, seqLen, dIn, numHeads, headDim, outputDim }: PlannedRun): number => {
    const width = numHeads * headDim
    const parameters = 3 * dIn * width + width * outputDim
    const maps = batch * numHeads * seqLen * seqLen
    return (
      4 * (2 * parameters + batch * seqLen * (dIn + 9 * width + outputDim) + 3 * maps) + 56 * batch * numHeads * seqLen
    )
  }
  const runs = [...plan.seedRuns, ...plan.fixedRuns]
  const values = plan.arms.length * plan.statistics.length + 2 * plan.invariants.length
  // An arm's maps are held until the seed's arms have been compared; a row's numbers are boxed until they are columns.
  return runs.reduce((bytes, run) => bytes + bytesOf(run), 0) + seedsOf(plan) * (100 + 24 * values)
}

/** The largest problem of an experiment, by which its engine is chosen: one for all of it. */
export function largestRun(plan: Plan): PlannedRun {
  return plan.seedRuns.reduce((largest, run) => (multiplyAdds(run) > multiplyAdds(largest) ? run : largest))
}

/**
 * Throws `work-too-large`, the estimate beside the limit, where an experiment has more seeds or more work than allowed;
 * `advice` says what else can be done.
 */
export function refuseTooMuchWork(plan: Plan, limits: { maxSeeds: number; work: number }, advice: string): void {
  const seeds = seedsOf(plan)
  const work = Math.ceil(estimateOperations(plan))
  const limit = Math.min(limits.work, Math.floor((work / seeds) * limits.maxSeeds))
  if (work <= limit) return
  const detail =
    seeds > limits.maxSeeds
      ? `${seeds} seeds are more than the limit of ${limits.maxSeeds} (MAX_SEEDS), for jobs as well.`
      : `The experiment is about ${work.toExponential(1)} operations; the limit is ${limit.toExponential(1)}. ${advice}`
  throw new ServiceError('work-too-large', detail, { extra: { estimated_work: work, limit_work: limit } })
}
