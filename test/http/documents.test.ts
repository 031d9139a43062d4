import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { openapiYaml } from '../../scripts/openapi-yaml.ts'
import { documentsWithTables, withTables } from '../../scripts/docs/tables.ts'
import { catalogue } from '../../src/errors.ts'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

const file = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

describe('generated documents are not stale', () => {
  it('openapi.yaml is what the routes say (`npm run openapi` writes it)', async () => {
    expect(file('openapi.yaml')).toBe(await openapiYaml())
  })

  it.each(documentsWithTables)('%s has its table as it is (`npm run docs` writes it)', (path) => {
    expect(file(path)).toBe(withTables(path, file(path)))
  })

  it('openapi.yaml lists every code of the catalogue', () => {
    const { components } = parse(file('openapi.yaml')) as {
      components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } }
    }
    expect(components.schemas.Problem.properties.code.enum.sort()).toEqual(Object.keys(catalogue).sort())
  })
})

describe('the documents as they are served', () => {
  it('serves openapi.yaml as committed and openapi.json with the same content', async () => {
    const yaml = await service.app.inject({ url: '/openapi.yaml' })
    expect(yaml.body).toBe(file('openapi.yaml'))
    const json = await service.app.inject({ url: '/openapi.json' })
    expect(json.json()).toEqual(parse(yaml.body))
  })

  it.each(['/docs', '/docs/'])('shows %s without any outside host', async (url) => {
    const page = await service.app.inject({ url })
    expect(page.statusCode).toBe(200)
    const addresses = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!)
    expect(addresses.length).toBeGreaterThan(6)
    for (const address of addresses) {
      const { host, pathname } = new URL(address, `http://service${url}`)
      expect(host).toBe('service')
      expect((await service.app.inject({ url: pathname })).statusCode, address).toBe(200)
    }
  })

  it.each([
    '/assets/../x',
    '/assets//x',
    '/assets/',
    '/assets/%2e%2e/index.html',
    '/assets/..%2findex.html',
    '/assets/%00',
    '/docs/static/%2e%2e/x',
    '/docs/static/../x',
    '/docs/static/..%5cx',
    '/docs/static//docs.js',
    '/docs/static/package.json',
    '/docs/json',
    '/docs/yaml',
  ])('has nothing at %s', async (url) => {
    const answer = await service.app.inject({ url })
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'not-found'])
  })

  it('names every documented route and no other', async () => {
    const { paths } = parse(file('openapi.yaml')) as { paths: Record<string, Record<string, unknown>> }
    for (const [path, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations))
        expect(
          service.app.hasRoute({ method: method.toUpperCase() as 'GET', url: path.replaceAll(/\{(\w+)\}/g, ':$1') }),
          `${method} ${path}`,
        ).toBe(true)
    }
  })
})
