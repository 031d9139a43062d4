import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** What a request whose client left before any answer is counted and logged as; nobody receives it. */
export const clientClosedRequest = 499

/** Calls `departed` for each request whose connection closed before any of its answer was sent. */
export function whenClientsLeave(
  app: FastifyInstance,
  departed: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', () => {
      if (!reply.raw.headersSent) departed(request, reply)
    })
    done()
  })
}
