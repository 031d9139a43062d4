import { readFileSync } from 'node:fs'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { parse } from 'yaml'
import type { AppPart } from '../app.ts'

const file = new URL('../../../openapi.yaml', import.meta.url)

/**
 * GET /openapi.yaml (as committed), GET /openapi.json, and GET /docs, an interactive page that needs no outside host.
 */
export const openapiRoutes: AppPart = async (app) => {
  const yaml = readFileSync(file)
  const document = parse(yaml.toString('utf8')) as Record<string, unknown>
  const json = Buffer.from(JSON.stringify(document))
  app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/yaml').send(yaml),
  )
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json').send(json),
  )
  await app.register(async (docs) => {
    await docs.register(swagger, { mode: 'static', specification: { document: document as never } })
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      indexPrefix: '',
      uiConfig: { docExpansion: 'list', deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
      theme: { title: 'attention-service' },
    })
  })
}
