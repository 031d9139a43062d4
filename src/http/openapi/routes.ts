import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { AppPart } from '../app.ts'

const file = new URL('../../../openapi.yaml', import.meta.url)

/** GET /openapi.yaml (as committed) and GET /openapi.json; both name the server where it is below `basePath`. */
export function openapiRoutes(basePath: string): AppPart {
  return (app) => {
    const committed = readFileSync(file, 'utf8')
    const yaml = Buffer.from(committed.replace(/^servers:\n {2}- url: \/$/m, `servers:\n  - url: ${basePath || '/'}`))
    const json = Buffer.from(JSON.stringify(parse(yaml.toString('utf8'))))
    app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/yaml').send(yaml),
    )
    app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/json').send(json),
    )
  }
}
