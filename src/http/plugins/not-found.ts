import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors.ts'
import { sendProblem } from './errors.ts'

/** 404 for an address that nothing has, 405 with Allow for one that has other methods. */
export function answerUnknownAddresses(app: FastifyInstance): void {
  const routes: { pattern: RegExp; methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    routes.push({ pattern: new RegExp(`^${url.replaceAll(/:[^/]+/g, '[^/]+')}/?$`), methods: [method].flat() })
  })
  const unknownAddress = (request: FastifyRequest): ServiceError => {
    const path = request.url.split('?', 1)[0]!
    const allowed = [
      ...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)),
    ].sort()
    if (allowed.length === 0 || allowed.includes(request.method)) {
      return new ServiceError('not-found', 'There is nothing at this address; GET /docs shows what there is.')
    }
    return new ServiceError('method-not-allowed', `This address answers ${allowed.join(', ')}.`, {
      headers: { allow: allowed.join(', ') },
    })
  }
  // Before a body is read: where there is no route, nothing can be wrong with it.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    done(request.is404 ? unknownAddress(request) : null, payload)
  })
  app.setNotFoundHandler((request, reply) => sendProblem(unknownAddress(request), request, reply))
}
