import type { FastifyInstance } from 'fastify'
import type { RequestMetrics } from '../../metrics/registries.ts'

/**
 * Counts every answer. `routeOf` names the address as its route does, where this process has only a way to the
 * workers' routes: what a client wrote must never become a label.
 */
export function measureRequests(
  app: FastifyInstance,
  metrics: RequestMetrics,
  routeOf: (path: string) => string | undefined = () => undefined,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    const pattern = request.routeOptions.url ?? 'none'
    const route = pattern.includes('*') ? (routeOf(request.url.split('?', 1)[0]!) ?? pattern) : pattern
    metrics.requests.inc({ method: request.method, route, status: String(reply.statusCode) })
    metrics.duration.observe({ route }, reply.elapsedTime / 1000)
    const { queueMs, computeMs, encodeMs } = request.timing
    if (computeMs > 0) {
      metrics.queue.observe(queueMs / 1000)
      metrics.compute.observe(computeMs / 1000)
      metrics.encode.observe(encodeMs / 1000)
      metrics.workUnits.inc(request.workUnits)
    }
    done()
  })
}
