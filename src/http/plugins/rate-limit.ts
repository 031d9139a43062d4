import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { RateLimiterRes } from 'rate-limiter-flexible'
import { ServiceError } from '../../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Charges work that became known only after the client had its answer or had left; only where a rate is kept. */
    chargeLate?(workUnits: number): void
  }
}

const windowSeconds = 60
/** Work is counted in thousandths of a unit: the counter is whole. */
const perUnit = 1_000

/**
 * At most `unitsPerMinute` work units a minute for each key, or address where there are none. A request is one unit
 * when it comes; what it was beyond that is charged when the worker has said so. 0: no limit.
 */
export function limitRate(
  app: FastifyInstance,
  unitsPerMinute: number,
  isInternal: (request: FastifyRequest) => boolean,
): void {
  if (unitsPerMinute === 0) return
  const limiter = new RateLimiterMemory({ points: unitsPerMinute * perUnit, duration: windowSeconds })
  const free = (request: FastifyRequest): boolean => request.routeOptions.config.open === true || isInternal(request)
  const who = (request: FastifyRequest): string => request.caller || request.client

  app.addHook('onRequest', (request, reply, done) => {
    if (free(request)) return done()
    // Not onResponse: nobody hears that of a client who leaves in the middle of its answer.
    reply.raw.once('close', () => charge(request, request.workUnits))
    limiter.consume(who(request), perUnit).then(
      () => done(),
      (refused: RateLimiterRes | Error) => {
        if (refused instanceof Error) return done(refused)
        // The limiter reckons by the wall clock, which may have been put back; a window ends by a timer, whatever that says
        const seconds = Math.min(windowSeconds, Math.max(1, Math.ceil(refused.msBeforeNext / 1000)))
        done(
          new ServiceError(
            'rate-limited',
            `More than ${unitsPerMinute} work units within a minute; more in ${seconds} seconds.`,
            { headers: { 'retry-after': String(seconds) } },
          ),
        )
      },
    )
  })
  const charge = (request: FastifyRequest, workUnits: number): void => {
    const more = Math.round((workUnits - 1) * perUnit)
    if (more > 0 && !free(request)) void limiter.penalty(who(request), more)
  }
  app.decorateRequest('chargeLate', function (this: FastifyRequest, workUnits: number) {
    charge(this, workUnits)
  })
}
