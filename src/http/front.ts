import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import type { RequestMetrics } from '../metrics/registries.ts'
import type { AppPart } from './app.ts'
import { askForKeys } from './plugins/auth.ts'
import { allowOrigins } from './plugins/cors.ts'
import type { InFlight } from './plugins/in-flight.ts'
import { measureRequests } from './plugins/metrics.ts'
import { limitRate } from './plugins/rate-limit.ts'
import { setSecurityHeaders } from './plugins/security-headers.ts'
import { sayServerTiming } from './plugins/server-timing.ts'
import type { Tracing } from './plugins/tracing.ts'
import { metricsRoute } from './routes/metrics.ts'

export interface Front {
  readonly inFlight: InFlight
  readonly metrics: RequestMetrics
  readonly tracing: Tracing
  /** The text of /metrics. */
  readMetrics(): Promise<string>
  /** The worker's name of an address that this process only forwards. */
  routeOf?(path: string): string | undefined
  /** Whether a request comes from the service's own children: no key, no rate. */
  isInternal(request: FastifyRequest): boolean
}

/**
 * What the process has that clients speak to, in the order in which a request meets it: measured, then let in or not.
 */
export function frontParts(config: Config, front: Front): AppPart[] {
  return [
    (app) => front.inFlight.watch(app),
    (app) => measureRequests(app, front.metrics, front.routeOf),
    (app) => front.tracing.traceRequests(app),
    setSecurityHeaders,
    sayServerTiming,
    (app) => allowOrigins(app, config.CORS_ORIGINS),
    (app) => askForKeys(app, config.API_KEYS, front.isInternal),
    (app) => limitRate(app, config.RATE_LIMIT, front.isInternal),
    metricsRoute(front.readMetrics),
  ]
}
