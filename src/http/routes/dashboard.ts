import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { ServiceError } from '../../errors.ts'
import type { AppPart } from '../app.ts'
import { matchesTag } from '../entity-tag.ts'

/** Where `npm run build:dashboard` writes the page. */
const builtDashboard = fileURLToPath(new URL('../../../build/dashboard/', import.meta.url))

export function dashboardIsBuilt(folder: string = builtDashboard): boolean {
  return existsSync(join(folder, 'index.html'))
}

/** The page holds no data and asks for a key itself; openapi.yaml describes the API alone. */
const page = { schema: { hide: true }, config: { open: true } }

/** GET /: the dashboard, a static page without data, and its assets, whose names change with their content. */
export function dashboardRoutes(basePath: string, folder: string = builtDashboard): AppPart {
  return async (app) => {
    if (!dashboardIsBuilt(folder)) {
      app.get('/', page, async () => {
        throw new ServiceError(
          'not-found',
          'The dashboard is not built; npm run build:dashboard builds it. GET /docs shows the API.',
        )
      })
      return
    }
    const built = readFileSync(join(folder, 'index.html'), 'utf8')
    // Relative addresses work below any path that ends with a slash; with BASE_PATH they work without it too.
    const html = basePath === '' ? built : built.replaceAll('="./', `="${basePath}/`)
    const tag = `W/"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`
    const assets = new Set(readdirSync(join(folder, 'assets')))
    await app.register(async (scope) => {
      await scope.register(fastifyStatic, {
        root: join(folder, 'assets'),
        serve: false,
        preCompressed: true,
        cacheControl: false,
      })
      scope.get('/', page, (request, reply) => {
        reply.headers({ 'cache-control': 'no-cache', etag: tag, vary: 'Accept-Encoding' })
        if (matchesTag(request.headers['if-none-match'], tag)) return reply.code(304).send()
        return reply.type('text/html; charset=utf-8').send(html)
      })
      scope.get<{ Params: { '*': string } }>('/assets/*', page, (request, reply) => {
        const name = request.params['*']
        if (!assets.has(name)) return reply.callNotFound()
        return reply
          .headers({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'Accept-Encoding' })
          .sendFile(name)
      })
    })
  }
}
