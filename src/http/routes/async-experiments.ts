import { workUnits } from '../../admission/work-units.ts'
import type { JobsApi } from '../../jobs/api.ts'
import type { JobKind } from '../../jobs/job.ts'
import type { AppPart } from '../app.ts'
import { prefersAsync } from '../prefer.ts'
import { experimentForms } from '../experiment-form-names.ts'
import { readExperimentRequest } from '../read/experiment-request.ts'
import { checkParameters, readForm } from '../read/form.ts'
import type { ExperimentBody } from '../schemas/experiments.ts'
import { experimentRouteDocs } from '../schemas/experiments-docs.ts'
import { withinDeadline } from '../within-deadline.ts'
import { sendAccepted } from './jobs.ts'

const kindOfRoute: Readonly<Record<string, JobKind>> = { '/experiments/bias': 'bias', '/experiments/heads': 'heads' }

/** An experiment whose client prefers not to wait becomes a job. Its form is chosen when the result is fetched. */
export function asyncExperiments(jobs: JobsApi, seconds: number): AppPart {
  return (app) => {
    app.addHook('preHandler', async (request, reply) => {
      const kind = kindOfRoute[request.routeOptions.url ?? '']
      if (kind === undefined || !prefersAsync(request.headers.prefer)) return
      const query = request.query as Record<string, unknown>
      checkParameters(query, ['format'])
      readForm(query, experimentForms)
      const body = request.body as ExperimentBody
      const asked = readExperimentRequest(kind, body)
      const { job, operations } = await withinDeadline(request, seconds, () =>
        jobs.submit(request.caller, kind, body, asked),
      )
      request.workUnits = workUnits(operations)
      return sendAccepted(reply, job)
    })
  }
}

/** The same addresses in the process that has the jobs and computes nothing: whatever comes here is to become one. */
export const onlyAsyncExperiments: AppPart = (app) => {
  for (const kind of ['bias', 'heads'] as const) {
    app.post(`/experiments/${kind}`, { schema: experimentRouteDocs[kind] }, (_request, reply) => reply.callNotFound())
  }
}
