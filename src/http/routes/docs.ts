import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { AppPart } from '../app.ts'

const ownFolder = fileURLToPath(new URL('../docs-page/', import.meta.url))
const dashboardFolder = fileURLToPath(new URL('../../dashboard/', import.meta.url))
/** Swagger UI's own build, which its Fastify plugin carries. */
const swaggerFolder = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static')

/** What the page asks for below /docs/static, and where it lies. */
const files: Readonly<Record<string, string>> = {
  'docs.js': ownFolder,
  'docs.css': ownFolder,
  'icon.svg': dashboardFolder,
  'swagger-ui.css': swaggerFolder,
  'swagger-ui-bundle.js': swaggerFolder,
}

/** The page holds no data: it asks for openapi.json itself, with a key where the service has keys. */
const page = { schema: { hide: true }, config: { open: true } }

/** GET /docs: the API to read and to try, from this host alone and below the path of any reverse proxy. */
export const docsRoutes: AppPart = async (app) => {
  const html = readFileSync(join(ownFolder, 'index.html'), 'utf8')
  // Seen from /docs/, what lies beside /docs is a folder higher.
  const fromFolder = html.replaceAll('="./', '="../')
  await app.register(async (scope) => {
    await scope.register(fastifyStatic, { root: ownFolder, serve: false, cacheControl: false })
    scope.get('/docs', page, (request, reply) =>
      reply
        .headers({ 'cache-control': 'no-cache' })
        .type('text/html; charset=utf-8')
        .send(request.url.split('?', 1)[0]!.endsWith('/') ? fromFolder : html),
    )
    for (const [name, folder] of Object.entries(files))
      scope.get(`/docs/static/${name}`, page, (_request, reply) =>
        reply.headers({ 'cache-control': 'no-cache', vary: 'Accept-Encoding' }).sendFile(name, folder),
      )
  })
}
