import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { invalid } from '../../errors.ts'
import type { JobsApi } from '../../jobs/api.ts'
import { unknownJob } from '../../jobs/job.ts'
import type { JobDocument } from '../../jobs/job.ts'
import type { AppPart } from '../app.ts'
import { experimentForms } from '../experiments/form-names.ts'
import { chooseForm, mediaTypes } from '../negotiate.ts'
import { checkParameters, readForm } from '../read/form.ts'
import { addToVary } from '../vary.ts'
import { jobDocs } from '../schemas/jobs.ts'
import { withinDeadline } from '../within-deadline.ts'

const idPattern = /^[A-Za-z0-9_-]{22}$/
const defaultLimit = 20
const largestLimit = 100

/** What of the settings the addresses of jobs need. */
export type JobRouteConfig = Pick<Config, 'BASE_PATH' | 'REQUEST_TIMEOUT'>

/**
 * The addresses of jobs, each answered within REQUEST_TIMEOUT, a stream of events begun; their links lie below
 * BASE_PATH.
 */
export function jobRoutes(jobs: JobsApi, config: JobRouteConfig): AppPart {
  const { BASE_PATH: basePath, REQUEST_TIMEOUT: seconds } = config
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
      const address = next === null ? null : `${basePath}/jobs?limit=${limit}&before=${next}`
      if (address !== null) reply.header('link', `<${address}>; rel="next"`)
      return { jobs: page.map((job) => below(basePath, job)), next: address }
    })

    app.get('/jobs/:id', { schema: jobDocs.get }, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const id = idOf(request)
      return below(basePath, await withinDeadline(request, seconds, () => jobs.get(request.caller, id)))
    })

    app.delete('/jobs/:id', { schema: jobDocs.cancel }, async (request, reply) => {
      const id = idOf(request)
      const job = await withinDeadline(request, seconds, () => jobs.cancel(request.caller, id))
      return reply.code(202).send(below(basePath, job))
    })

    app.get('/jobs/:id/result', { schema: jobDocs.result }, async (request, reply) => {
      const query = request.query as Record<string, unknown>
      checkParameters(query, ['format'])
      const id = idOf(request)
      const form = readForm(query, experimentForms) ?? chooseForm(request.headers.accept, experimentForms)
      const bytes = await withinDeadline(request, seconds, () => jobs.result(request.caller, id, form))
      return addToVary(reply, 'Accept').type(mediaTypes[form]).send(bytes)
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
        .send(basePath === '' ? events : Readable.from(eventsBelow(basePath, events), { objectMode: false }))
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

/** A job whose links begin with `basePath`: they are kept without it, since it may be another one tomorrow. */
function below(basePath: string, job: JobDocument): JobDocument {
  if (basePath === '') return job
  const { self, result, events } = job.links
  return { ...job, links: { self: basePath + self, result: basePath + result, events: basePath + events } }
}

/** The jobs in a stream of events likewise; every piece of the stream has whole events. */
async function* eventsBelow(basePath: string, events: Readable): AsyncGenerator<string> {
  for await (const piece of events)
    yield String(piece).replaceAll(
      /^data: (.*)$/gm,
      (_line, job: string) => `data: ${JSON.stringify(below(basePath, JSON.parse(job) as JobDocument))}`,
    )
}

/** 202: where the job is to be found. */
export function sendAccepted(reply: FastifyReply, basePath: string, accepted: JobDocument): FastifyReply {
  const job = below(basePath, accepted)
  return reply.code(202).headers({ location: job.links.self, 'preference-applied': 'respond-async' }).send(job)
}
