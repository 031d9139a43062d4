import { workUnits } from '../../admission/work-units.ts'
import { experimentKinds } from '../../experiments/kinds.ts'
import type { ExperimentKind } from '../../experiments/kinds.ts'
import type { JobsApi } from '../../jobs/api.ts'
import type { AppPart } from '../app.ts'
import { prefersAsync } from '../prefer.ts'
import type { ExperimentBody } from '../experiments/bodies.ts'
import { experimentRouteDocs } from '../experiments/docs.ts'
import { experimentForms } from '../experiments/form-names.ts'
import { readExperimentRequest } from '../experiments/index.ts'
import { checkParameters, readForm } from '../read/form.ts'
import { withinDeadline } from '../within-deadline.ts'
import { sendAccepted } from './jobs.ts'
import type { JobRouteConfig } from './jobs.ts'

const kindOfRoute: ReadonlyMap<string, ExperimentKind> = new Map(
  experimentKinds.map((kind) => [`/experiments/${kind}`, kind]),
)

/** An experiment whose client prefers not to wait becomes a job. Its form is chosen when the result is fetched. */
export function asyncExperiments(jobs: JobsApi, config: JobRouteConfig): AppPart {
  return (app) => {
    app.addHook('preHandler', async (request, reply) => {
      const kind = kindOfRoute.get(request.routeOptions.url ?? '')
      if (kind === undefined || !prefersAsync(request.headers.prefer)) return
      const query = request.query as Record<string, unknown>
      checkParameters(query, ['format'])
      readForm(query, experimentForms)
      const body = request.body as ExperimentBody
      const asked = readExperimentRequest(kind, body)
      const { job, operations } = await withinDeadline(request, config.REQUEST_TIMEOUT, () =>
        jobs.submit(request.caller, kind, body, asked),
      )
      request.workUnits = workUnits(operations)
      return sendAccepted(reply, config.BASE_PATH, job)
    })
  }
}

/** The same addresses in the process that has the jobs and computes nothing: whatever comes here is to become one. */
export const onlyAsyncExperiments: AppPart = (app) => {
  for (const kind of experimentKinds) {
    app.post(`/experiments/${kind}`, { schema: experimentRouteDocs(kind) }, (_request, reply) => reply.callNotFound())
  }
}
