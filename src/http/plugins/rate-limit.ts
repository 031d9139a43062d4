import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { RateLimiterRes } from 'rate-limiter-flexible'
import { ServiceError } from '../../errors.ts'

const windowSeconds = 60
/** Work is counted in thousandths of a unit: the counter is whole. */
const perUnit = 1_000

/**
 * At most `unitsPerMinute` work units a minute for each key, or address where there are none. A request is one unit
 * when it comes; what it was beyond that is charged when the worker has said so. 0: no limit.
 */
export function limitRate(app: FastifyInstance, unitsPerMinute: number, isInternal: (request: FastifyRequest) => boolean): void {
  if (unitsPerMinute === 0) return
  const limiter = new RateLimiterMemory({ points: unitsPerMinute * perUnit, duration: windowSeconds })
  const free = (request: FastifyRequest): boolean => request.routeOptions.config.open === true || isInternal(request)
  const who = (request: FastifyRequest): string => request.caller || request.ip

  app.addHook('onRequest', (request, _reply, done) => {
    if (free(request)) return done()
    limiter.consume(who(request), perUnit).then(() => done(), (refused: RateLimiterRes | Error) => {
      if (refused instanceof Error) return done(refused)
      const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
      done(new ServiceError('rate-limited', `More than ${unitsPerMinute} work units within a minute; more in ${seconds} seconds.`, { headers: { 'retry-after': String(seconds) } }))
    })
  })
  app.addHook('onResponse', (request, _reply, done) => {
    const more = Math.round((request.workUnits - 1) * perUnit)
    if (more > 0 && !free(request)) void limiter.penalty(who(request), more)
    done()
  })
}
