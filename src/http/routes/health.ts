import { Type } from '@sinclair/typebox'
import { ServiceError } from '../../errors.ts'
import type { AppPart } from '../app.ts'
import type { Readiness } from '../readiness.ts'

const Ready = Type.Object(
  {
    status: Type.Union(['ready', 'starting', 'draining', 'failed'].map((status) => Type.Literal(status))),
    reason: Type.Optional(Type.String()),
  },
  { title: 'Readiness' },
)

/** /health/live: the process answers. /health/ready: a forward pass on the device agreed with the reference. */
export function healthRoutes(readiness: Readiness, alive: () => boolean): AppPart {
  return (app) => {
    app.get(
      '/health/live',
      {
        config: { open: true },
        schema: {
          tags: ['service'],
          operationId: 'getLive',
          summary: 'Whether the process answers',
          security: [],
          response: {
            200: {
              description: 'It does.',
              content: { 'application/json': { schema: Type.Object({ status: Type.Literal('live') }) } },
            },
            503: {
              description: 'It should be restarted.',
              content: { 'application/json': { schema: Type.Object({ status: Type.Literal('failed') }) } },
            },
          },
        },
      },
      async (_request, reply) =>
        alive() ? reply.send({ status: 'live' }) : reply.code(503).send({ status: 'failed' }),
    )

    app.get(
      '/health/ready',
      {
        config: { open: true },
        schema: {
          tags: ['service'],
          operationId: 'getReady',
          summary: 'Whether requests are taken',
          security: [],
          description: 'Ready only after a real forward pass on the device of the engine agreed with the reference.',
          response: {
            200: { description: 'Ready.', content: { 'application/json': { schema: Ready } } },
            503: { description: 'Not ready, and why.', content: { 'application/json': { schema: Ready } } },
          },
        },
      },
      async (_request, reply) => {
        const { status, reason } = readiness
        return reply.code(status === 'ready' ? 200 : 503).send({ status, ...(reason === undefined ? {} : { reason }) })
      },
    )
  }
}

/** Refuses work while the process is not ready. */
export function requireReady(readiness: Readiness): void {
  const { status, reason } = readiness
  if (status === 'ready') return
  if (status === 'draining')
    throw new ServiceError('draining', 'The service is shutting down and takes no new requests.', {
      headers: { 'retry-after': '5' },
    })
  throw new ServiceError('not-ready', `The service is ${status}${reason === undefined ? '' : `: ${reason}`}.`, {
    headers: { 'retry-after': '2' },
  })
}
