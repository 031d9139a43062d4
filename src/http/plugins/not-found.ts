import type { FastifyInstance } from 'fastify'
import { ServiceError } from '../../errors.ts'
import { sendProblem } from './errors.ts'

/** 404 for an address that nothing has, 405 with Allow for one that has other methods. */
export function answerUnknownAddresses(app: FastifyInstance): void {
  const routes: { pattern: RegExp; methods: readonly string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    routes.push({ pattern: new RegExp(`^${url.replaceAll(/:[^/]+/g, '[^/]+')}/?$`), methods: [method].flat() })
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const allowed = [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))].sort()
    if (allowed.length === 0 || allowed.includes(request.method)) {
      return sendProblem(new ServiceError('not-found', `There is nothing at this address; GET /docs shows what there is.`), request, reply)
    }
    return sendProblem(new ServiceError('method-not-allowed', `This address answers ${allowed.join(', ')}.`, { headers: { allow: allowed.join(', ') } }), request, reply)
  })
}
