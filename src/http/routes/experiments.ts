import type { FastifyReply, FastifyRequest } from 'fastify'
import { workUnits } from '../../admission/work-units.ts'
import {
  estimateExperimentBytes,
  estimateOperations,
  largestRun,
  refuseTooMuchWork,
} from '../../experiments/estimate.ts'
import { planOf } from '../../experiments/index.ts'
import { experimentKinds } from '../../experiments/kinds.ts'
import { runPlan } from '../../experiments/run.ts'
import { admit, givingWay } from '../admit.ts'
import type { Computing } from '../admit.ts'
import type { AppPart } from '../app.ts'
import { encodeExperiment, experimentForms } from '../experiments/forms.ts'
import type { ExperimentForm } from '../experiments/forms.ts'
import { chooseForm, mediaTypes } from '../negotiate.ts'
import { readExperimentRequest } from '../experiments/index.ts'
import type { ExperimentRequest } from '../experiments/index.ts'
import { checkParameters, readForm } from '../read/presentation.ts'
import { addToVary } from '../vary.ts'
import type { ExperimentBody } from '../experiments/bodies.ts'
import { experimentRouteDocs } from '../experiments/docs.ts'

/** Operations of an experiment in one call: some minute of the direct engine on one core. */
const workLimit = 5e10

/** POST of every experiment, answered when all seeds are done. */
export function experimentRoutes(computing: Computing, limits: { seconds: number; maxSeeds: number }): AppPart {
  return (app) => {
    for (const kind of experimentKinds) {
      app.post(
        `/experiments/${kind}`,
        { schema: experimentRouteDocs(kind), config: { computes: true } },
        async (request, reply) => {
          const query = request.query as Record<string, unknown>
          checkParameters(query, ['format'])
          const form = readForm(query, experimentForms) ?? chooseForm(request.headers.accept, experimentForms)
          return answer(readExperimentRequest(kind, request.body as ExperimentBody), form, request, reply)
        },
      )
    }

    async function answer(
      { config, returns }: ExperimentRequest,
      form: ExperimentForm,
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<FastifyReply> {
      const plan = planOf(config)
      refuseTooMuchWork(
        plan,
        { maxUnits: limits.maxSeeds, work: workLimit },
        'Ask for fewer seeds or a smaller model, or send `Prefer: respond-async` to have it computed as a job.',
      )
      const engine = computing.engines.for(largestRun(plan).outline, config.engine)
      const needs = {
        bytes: estimateExperimentBytes(plan),
        workUnits: workUnits(estimateOperations(plan)),
        seconds: limits.seconds,
      }
      const rows = await admit(computing, request, reply, needs, (signal) =>
        runPlan(plan, (problem, wanted) => engine.run(problem, wanted, signal), {
          signal,
          pause: givingWay(computing, request.timing),
        }),
      )
      const { name, device, version } = engine
      request.engineUsed = { name, device, version }
      const started = performance.now()
      const encoded = await encodeExperiment(plan, rows, { name, device, version }, form, returns)
      request.timing.encodeMs = performance.now() - started
      return addToVary(reply, 'Accept').type(mediaTypes[form]).send(encoded)
    }
  }
}
