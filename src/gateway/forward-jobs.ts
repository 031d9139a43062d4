import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { experimentKinds } from '../experiments/kinds.ts'
import type { AppPart } from '../http/app.ts'
import { prefersAsync } from '../http/prefer.ts'
import type { Readiness } from '../http/readiness.ts'
import { requireReady } from '../http/routes/health.ts'
import { jobRoutes } from '../http/routes/jobs.ts'
import { noJobs } from '../jobs/api.ts'
import type { JobsLink } from './jobs-link.ts'
import type { Receiver, Way } from './receive.ts'

/** What of a request the process of the jobs needs to see: the key as well, for it tells whose jobs they are. */
const requestHeaders = [
  'content-type',
  'content-encoding',
  'accept',
  'accept-encoding',
  'prefer',
  'last-event-id',
  'authorization',
  'x-api-key',
  'traceparent',
  'tracestate',
] as const

const experimentAddress = new RegExp(`^/experiments/(${experimentKinds.join('|')})/?(\\?|$)`)

/**
 * The addresses of jobs, and experiments that prefer to become one, in a gateway. Where there never was a job it says
 * so itself, and starts nothing.
 */
export function forwardToJobs(config: Config, link: JobsLink, readiness: Readiness, receiver: Receiver): AppPart {
  const way: Way = {
    headers: requestHeaders,
    seconds: config.REQUEST_TIMEOUT,
    lends: false,
    submit: (exchange) => link.submit(exchange),
    leave: (exchange) => link.leave(exchange),
  }
  return async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      if (request.method !== 'POST' || !experimentAddress.test(request.url) || !prefersAsync(request.headers.prefer))
        return done()
      handOn(request, reply)
    })
    await app.register(async (jobs) => {
      jobs.addHook('onRequest', (request, reply, done) => {
        if (link.isFresh) done()
        else handOn(request, reply)
      })
      await jobRoutes(noJobs, config)(jobs)
    })

    /** The last that Fastify sees of a request. */
    function handOn(request: FastifyRequest, reply: FastifyReply): void {
      try {
        if (request.method === 'POST' || readiness.status === 'draining') requireReady(readiness)
      } catch (error) {
        reply.send(error)
        return
      }
      receiver.receive(request, reply, 'interactive', way)
    }
  }
}
