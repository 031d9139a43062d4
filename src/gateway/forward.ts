import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import type { AppPart } from '../http/app.ts'
import { requireReady } from '../http/routes/health.ts'
import type { Readiness } from '../http/readiness.ts'
import { chunkSeconds } from '../jobs/chunk-seconds.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Receiver, Way } from './receive.ts'

/** What of a request a worker needs to see: no key above all. */
const requestHeaders = [
  'content-type',
  'content-encoding',
  'accept',
  'accept-encoding',
  'if-none-match',
  'prefer',
  'traceparent',
  'tracestate',
] as const

export interface Forwarding {
  readonly dispatcher: Dispatcher
  readonly readiness: Readiness
  readonly receiver: Receiver
  /** Whether a request came from the service's own jobs. */
  isBackground(request: FastifyRequest): boolean
}

/**
 * The addresses that compute, in a process that computes nothing: the whole request goes to a worker, and its answer
 * comes back as it is. The worker knows the routes and says 404, 405 and 415 itself. The body is not parsed here: so
 * these requests are answered in the last onRequest hook and go no further.
 */
export function forwardRoutes(config: Config, { dispatcher, readiness, receiver, isBackground }: Forwarding): AppPart {
  return (app) => {
    const prefixes = [
      ['/attention/*', config.REQUEST_TIMEOUT, 'interactive'],
      ['/models', config.REQUEST_TIMEOUT, 'interactive'],
      ['/models/*', config.REQUEST_TIMEOUT, 'interactive'],
      ['/experiments/*', config.EXPERIMENT_TIMEOUT, 'experiment'],
      ['/internal/*', chunkSeconds(config), 'background'],
    ] as const
    for (const [url, seconds, line] of prefixes) {
      const way: Way = {
        headers: requestHeaders,
        seconds,
        lends: true,
        submit: (exchange) => dispatcher.submit(exchange),
        leave: (exchange) => dispatcher.leave(exchange),
      }
      app.route({
        method: app.supportedMethods,
        url,
        schema: { hide: true },
        config: { computes: true },
        onRequest: (request, reply, _done) => {
          const background = isBackground(request)
          if (line === 'background' && !background) return void reply.callNotFound()
          try {
            requireReady(readiness)
          } catch (error) {
            return void reply.send(error)
          }
          receiver.receive(request, reply, background ? 'background' : line, way)
        },
        handler: (_request, reply) => reply.callNotFound(),
      })
    }
  }
}
