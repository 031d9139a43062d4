import type { FastifyInstance, FastifyRequest } from 'fastify'

/** The split of a request's time as Server-Timing has it, milliseconds. */
export function serverTiming({ queueMs, computeMs, encodeMs }: FastifyRequest['timing']): string {
  return `queue;dur=${queueMs.toFixed(2)}, compute;dur=${computeMs.toFixed(2)}, encode;dur=${encodeMs.toFixed(2)}`
}

/** Says on each computed answer where its time went. */
export function sayServerTiming(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (request.timing.computeMs > 0) reply.header('server-timing', serverTiming(request.timing))
    done()
  })
}
