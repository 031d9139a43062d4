import type { FastifyInstance } from 'fastify'
import type { EngineIdentity } from '../../engines/engine.ts'
import type { ErrorCode } from '../../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where a request's time went, milliseconds; filled in as things happen. */
    timing: { queueMs: number; computeMs: number; encodeMs: number }
    /** The engine that answered, if one did. */
    engineUsed: EngineIdentity | null
    /** The code of the problem that it ended in, if it did. */
    problemCode: ErrorCode | null
    /** Work units that it was. */
    workUnits: number
  }
}

/** One line a request, when its answer is out: what, how it ended, where the time went, on which engine. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('timing')
  app.decorateRequest('engineUsed', null)
  app.decorateRequest('problemCode', null)
  app.decorateRequest('workUnits', 0)
  app.addHook('onRequest', async (request) => {
    request.timing = { queueMs: 0, computeMs: 0, encodeMs: 0 }
  })
  app.addHook('onResponse', async (request, reply) => {
    const { queueMs, computeMs, encodeMs } = request.timing
    const { engineUsed, problemCode } = request
    request.log.info({
      method: request.method,
      url: request.url.slice(0, 512),
      status: reply.statusCode,
      ms: round(reply.elapsedTime),
      ...(computeMs > 0 ? { queue_ms: round(queueMs), compute_ms: round(computeMs), encode_ms: round(encodeMs) } : {}),
      ...(engineUsed ? { engine: `${engineUsed.name} ${engineUsed.version} on ${engineUsed.device}` } : {}),
      ...(problemCode ? { code: problemCode } : {}),
    }, 'answered')
  })
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000
