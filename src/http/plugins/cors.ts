import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { ServiceError } from '../../errors.ts'

/** Pages of `origins` may call the service; `*` is any page. Keys go in headers, never in cookies. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  app.addHook('onRequest', ({ method, headers }, _reply, done) => {
    const isPreflight = headers.origin !== undefined && headers['access-control-request-method'] !== undefined
    done(
      method === 'OPTIONS' && !isPreflight
        ? new ServiceError('invalid-request', 'OPTIONS needs Origin and Access-Control-Request-Method here.')
        : undefined,
    )
  })
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: [
      'accept',
      'authorization',
      'content-type',
      'content-encoding',
      'if-none-match',
      'last-event-id',
      'prefer',
      'request-timeout',
      'x-api-key',
      'x-request-id',
    ],
    exposedHeaders: ['etag', 'location', 'preference-applied', 'retry-after', 'server-timing', 'x-request-id'],
    maxAge: 3_600,
  })
}
