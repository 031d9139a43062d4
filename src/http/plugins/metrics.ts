import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RequestMetrics } from '../../metrics/registries.ts'
import { clientClosedRequest, whenClientsLeave } from './departures.ts'

/**
 * Counts every answer, and as status 499 every request whose client left before one. `routeOf` names the address as its
 * route does, where this process has only a way to the routes of the workers: what a client wrote must never become a
 * label.
 */
export function measureRequests(
  app: FastifyInstance,
  metrics: RequestMetrics,
  routeOf: (path: string) => string | undefined = () => undefined,
): void {
  const routeName = (request: FastifyRequest): string => {
    const pattern = request.routeOptions.url ?? 'none'
    return pattern.includes('*') ? (routeOf(request.url.split('?', 1)[0]!) ?? pattern) : pattern
  }
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeName(request)
    metrics.requests.inc({ method: request.method, route, status: String(reply.statusCode) })
    metrics.duration.observe({ route }, reply.elapsedTime / 1000)
    const { queueMs, computeMs, encodeMs } = request.timing
    if (computeMs > 0) {
      metrics.queue.observe(queueMs / 1000)
      metrics.compute.observe(computeMs / 1000)
      metrics.encode.observe(encodeMs / 1000)
    }
    // Also what was computed in vain; a job's work is counted when its chunks are computed.
    if (computeMs > 0 || request.problemCode !== null) metrics.workUnits.inc(request.workUnits)
    done()
  })
  whenClientsLeave(app, (request) => {
    metrics.requests.inc({ method: request.method, route: routeName(request), status: String(clientClosedRequest) })
  })
}
