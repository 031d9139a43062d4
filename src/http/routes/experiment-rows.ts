import type { TurnTiming } from '../../admission/turns.ts'
import { workUnits } from '../../admission/work-units.ts'
import type { EngineIdentity } from '../../engines/engine.ts'
import { estimateOperations, largestRun } from '../../experiments/estimate.ts'
import { planOf } from '../../experiments/index.ts'
import { experimentKinds } from '../../experiments/kinds.ts'
import type { Plan, UnitRow } from '../../experiments/plan.ts'
import { runRows } from '../../experiments/run.ts'
import { invalid } from '../../errors.ts'
import { estimateChunkBytes } from '../../jobs/chunks.ts'
import type { ComputeChunk } from '../../jobs/runner.ts'
import { admit, givingWay } from '../admit.ts'
import type { Computing } from '../admit.ts'
import type { AppPart } from '../app.ts'
import type { ExperimentBody } from '../experiments/bodies.ts'
import { httpExperiments, readExperimentRequest } from '../experiments/index.ts'

interface Rows {
  readonly engine: EngineIdentity
  readonly rows: readonly UnitRow[]
}

/**
 * POST /internal/experiments/{kind}/rows: one chunk of units of a job, for the service's own jobs alone. The gateway
 * takes it from its private socket only.
 */
export function experimentRowsRoutes(computing: Computing, seconds: number): AppPart {
  return (app) => {
    for (const kind of experimentKinds) {
      app.post(
        `/internal/experiments/${kind}/rows`,
        { schema: { hide: true, body: httpExperiments[kind].body }, config: { computes: true } },
        async (request, reply) => {
          const plan = planOf(readExperimentRequest(kind, request.body as ExperimentBody).config)
          const [from, to] = readRange(request.query as Record<string, unknown>, plan.units)
          const needs = {
            bytes: estimateChunkBytes(plan, to - from),
            workUnits: workUnits(workOf(plan, from, to)),
            seconds,
          }
          const answer = await admit(computing, request, reply, needs, (signal) =>
            computeRows(computing, plan, from, to, request.timing, signal),
          )
          request.engineUsed = answer.engine
          return answer
        },
      )
    }
  }
}

/** The same where jobs and computations are in one process. */
export function computeHere(computing: Computing): ComputeChunk {
  return async ({ kind, request, from, to }, signal) => {
    const plan = planOf(readExperimentRequest(kind, JSON.parse(request) as ExperimentBody).config)
    const timing = { queueMs: 0, computeMs: 0 }
    const reservation = computing.memory.reserve(estimateChunkBytes(plan, to - from))
    try {
      return JSON.stringify(
        await computing.turns.run({ signal }, timing, () => computeRows(computing, plan, from, to, timing, signal)),
      )
    } finally {
      reservation.release()
    }
  }
}

/** The engine is chosen as for the whole experiment, so that its rows are the same in whichever chunk. */
async function computeRows(
  computing: Computing,
  plan: Plan,
  from: number,
  to: number,
  timing: TurnTiming,
  signal: AbortSignal | undefined,
): Promise<Rows> {
  const engine = computing.engines.for(largestRun(plan).outline, plan.config.engine)
  const rows = await runRows(plan, from, to, (problem, wanted) => engine.run(problem, wanted, signal), {
    signal,
    pause: givingWay(computing, timing),
  })
  const { name, device, version } = engine
  return { engine: { name, device, version }, rows }
}

function workOf(plan: Plan, from: number, to: number): number {
  return (estimateOperations(plan) / plan.units) * (to - from)
}

function readRange(query: Record<string, unknown>, units: number): [number, number] {
  const [from, to] = [Number(query.from), Number(query.to)]
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to <= from || to > units)
    throw invalid('/from', `must begin a range within ${units} units`)
  return [from, to]
}
