import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { ServiceError } from '../../errors.ts'
import type { AppPart } from '../app.ts'

/** Where `npm run build:dashboard` writes the page. */
const builtDashboard = fileURLToPath(new URL('../../../build/dashboard/', import.meta.url))

/** The page holds no data and asks for a key itself; openapi.yaml describes the API alone. */
const page = { schema: { hide: true }, config: { open: true } }

/** GET /: the dashboard, a static page without data, and its assets, whose names change with their content. */
export function dashboardRoutes(folder: string = builtDashboard): AppPart {
  return async (app) => {
    if (!existsSync(folder)) {
      app.get('/', page, async () => {
        throw new ServiceError(
          'not-found',
          'The dashboard is not built; npm run build:dashboard builds it. GET /docs shows the API.',
        )
      })
      return
    }
    await app.register(async (scope) => {
      await scope.register(fastifyStatic, {
        root: folder,
        serve: false,
        preCompressed: true,
        cacheControl: false,
        setHeaders(reply, path) {
          // The page is asked for again each time, by its ETag.
          const isAsset = path.startsWith(join(folder, 'assets'))
          reply.headers({
            'cache-control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
            vary: 'Accept-Encoding',
          })
        },
      })
      scope.get('/', page, (_request, reply) => reply.sendFile('index.html'))
      scope.get<{ Params: { '*': string } }>('/assets/*', page, (request, reply) =>
        reply.sendFile(`assets/${request.params['*']}`),
      )
    })
  }
}
