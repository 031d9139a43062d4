import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { EngineIdentity } from '../../engines/engine.ts'
import type { ErrorCode } from '../../errors.ts'
import { clientClosedRequest, whenClientsLeave } from './departures.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where a request's time went, milliseconds; filled in as things happen. */
    timing: { queueMs: number; computeMs: number; encodeMs: number }
    /** The engine that answered, if one did; a gateway has it in a worker's words. */
    engineUsed: EngineIdentity | string | null
    /** The code of the problem that it ended in, if it did. */
    problemCode: ErrorCode | null
    /** Work units that it was. */
    workUnits: number
  }
}

/** One line a request, when its answer is out or its client gone: what, how it ended, where the time went, on which engine. */
export function logRequests(app: FastifyInstance, level: 'info' | 'debug'): void {
  app.decorateRequest('timing')
  app.decorateRequest('engineUsed', null)
  app.decorateRequest('problemCode', null)
  app.decorateRequest('workUnits', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.timing = { queueMs: 0, computeMs: 0, encodeMs: 0 }
    done()
  })
  const log = (request: FastifyRequest, status: number, ms: number, how: string): void => {
    const { queueMs, computeMs, encodeMs } = request.timing
    const { engineUsed, problemCode } = request
    app.log[level](
      {
        reqId: request.id,
        method: request.method,
        url: request.url.slice(0, 512),
        status,
        ms: round(ms),
        ...(computeMs > 0
          ? { queue_ms: round(queueMs), compute_ms: round(computeMs), encode_ms: round(encodeMs) }
          : {}),
        ...(engineUsed ? { engine: engineText(engineUsed) } : {}),
        ...(problemCode ? { code: problemCode } : {}),
      },
      how,
    )
  }
  app.addHook('onResponse', (request, reply, done) => {
    log(request, reply.statusCode, reply.elapsedTime, 'answered')
    done()
  })
  whenClientsLeave(app, (request, reply) => {
    log(request, clientClosedRequest, reply.elapsedTime, 'the client left before the answer')
  })
}

/** An engine in one line: name, version and device. */
export function engineText(engine: EngineIdentity | string): string {
  return typeof engine === 'string' ? engine : `${engine.name} ${engine.version} on ${engine.device}`
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000
