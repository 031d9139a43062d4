import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalid } from '../../errors.ts'
import type { JobsApi } from '../../jobs/api.ts'
import { unknownJob } from '../../jobs/job.ts'
import type { AppPart } from '../app.ts'
import { experimentForms } from '../experiments/form-names.ts'
import { chooseForm, mediaTypes } from '../negotiate.ts'
import { checkParameters, readForm } from '../read/form.ts'
import { jobDocs } from '../schemas/jobs.ts'
import { withinDeadline } from '../within-deadline.ts'

const idPattern = /^[A-Za-z0-9_-]{22}$/
const defaultLimit = 20
const largestLimit = 100

/** The addresses of jobs. `seconds`: how long they may take; a stream of events until it begins. */
export function jobRoutes(jobs: JobsApi, seconds: number): AppPart {
  return (app) => {
    app.get('/jobs', { schema: jobDocs.list }, async (request, reply) => {
      const query = request.query as Record<string, unknown>
      checkParameters(query, ['limit', 'before'])
      const limit = readLimit(query.limit)
      if (query.before !== undefined && !idPattern.test(query.before))
        throw invalid('/before', 'must be the id of a job')
      const before = query.before
      const { jobs: page, next } = await withinDeadline(request, seconds, () =>
        jobs.list(request.caller, limit, before),
      )
      const address = next === null ? null : `/jobs?limit=${limit}&before=${next}`
      if (address !== null) reply.header('link', `<${address}>; rel="next"`)
      return { jobs: page, next: address }
    })

    app.get('/jobs/:id', { schema: jobDocs.get }, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const id = idOf(request)
      return withinDeadline(request, seconds, () => jobs.get(request.caller, id))
    })

    app.delete('/jobs/:id', { schema: jobDocs.cancel }, async (request, reply) => {
      const id = idOf(request)
      return reply.code(202).send(await withinDeadline(request, seconds, () => jobs.cancel(request.caller, id)))
    })

    app.get('/jobs/:id/result', { schema: jobDocs.result }, async (request, reply) => {
      const query = request.query as Record<string, unknown>
      checkParameters(query, ['format'])
      const id = idOf(request)
      const form = readForm(query, experimentForms) ?? chooseForm(request.headers.accept, experimentForms)
      const bytes = await withinDeadline(request, seconds, () => jobs.result(request.caller, id, form))
      return reply.header('vary', 'Accept').type(mediaTypes[form]).send(bytes)
    })

    app.get('/jobs/:id/events', { schema: jobDocs.events, exposeHeadRoute: false }, async (request, reply) => {
      const left = new AbortController()
      reply.raw.once('close', () => left.abort())
      const [id, after] = [idOf(request), lastEvent(request)]
      const events = await withinDeadline(request, seconds, () => jobs.events(request.caller, id, after, left.signal))
      if (events === null) return reply.code(204).send()
      return reply
        .type('text/event-stream')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(events)
    })
  }
}

/** An id that no job can have is one of no job. */
function idOf(request: FastifyRequest): string {
  const { id } = request.params as { id: string }
  if (!idPattern.test(id)) throw unknownJob()
  return id
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return defaultLimit
  const limit = Number(text)
  if (!/^\d{1,3}$/.test(text) || limit < 1 || limit > largestLimit)
    throw invalid('/limit', `must be a whole number from 1 to ${largestLimit}`)
  return limit
}

function lastEvent(request: FastifyRequest): number {
  const header = request.headers['last-event-id']
  if (header === undefined || header === '') return 0
  if (typeof header !== 'string' || !/^\d{1,9}$/.test(header))
    throw invalid('/Last-Event-ID', 'must be the id of an event')
  return Number(header)
}

/** 202: where the job is to be found. */
export function sendAccepted(reply: FastifyReply, job: { readonly links: { readonly self: string } }): FastifyReply {
  return reply.code(202).headers({ location: job.links.self, 'preference-applied': 'respond-async' }).send(job)
}
