import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { ServiceError } from '../../errors.ts'
import type { AppPart } from '../app.ts'

/** Where `npm run build:dashboard` writes the page. */
const builtDashboard = fileURLToPath(new URL('../../../build/dashboard/', import.meta.url))

/** Everything the page needs is the service's own: no inline script or style, no other host. */
const contentSecurityPolicy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ')

/** GET /: the dashboard, a static page without data, and its assets, whose names change with their content. */
export function dashboardRoutes(folder: string = builtDashboard): AppPart {
  return async (app) => {
    if (!existsSync(folder)) {
      app.get('/', { schema: { hide: true } }, async () => {
        throw new ServiceError('not-found', 'The dashboard is not built; npm run build:dashboard builds it. GET /docs shows the API.')
      })
      return
    }
    await app.register(async (scope) => {
      await scope.register(fastifyStatic, {
        root: folder,
        serve: false,
        preCompressed: true,
        // The page itself is asked for again each time, by its ETag.
        cacheControl: false,
      })
      scope.addHook('onSend', async (_request, reply) => {
        reply.header('content-security-policy', contentSecurityPolicy)
        reply.header('x-content-type-options', 'nosniff')
        reply.header('referrer-policy', 'no-referrer')
      })
      scope.get('/', { schema: { hide: true } }, (_request, reply) => reply.header('cache-control', 'no-cache').sendFile('index.html'))
      scope.get<{ Params: { '*': string } }>('/assets/*', { schema: { hide: true } }, (request, reply) =>
        reply.headers({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'Accept-Encoding' }).sendFile(`assets/${request.params['*']}`))
    })
  }
}
