import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseEvents } from '../support/job-client.ts'
import { startPrefixProxy } from '../support/prefix-proxy.ts'
import type { PrefixProxy } from '../support/prefix-proxy.ts'
import { tiny } from '../support/requests.ts'
import { RunningService } from '../support/running-service.ts'

const prefix = '/tools/attention'

describe.each([
  ['one process', { WORKERS: '0' }],
  ['a gateway', { WORKERS: '1' }],
])('below a path of a reverse proxy, %s', (_name, environment) => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ BASE_PATH: `${prefix}/`, ...environment })
  })
  afterAll(() => service.stop())

  describe.each([
    ['strips it', true],
    ['leaves it', false],
  ])('that %s', (_name, strips) => {
    let proxy: PrefixProxy
    beforeAll(async () => {
      proxy = await startPrefixProxy(service.port, prefix, { strips })
    })
    afterAll(() => proxy.close())

    const post = (path: string, body: unknown, headers = {}): Promise<Response> =>
      fetch(proxy.address + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    /** An address that the service handed out, as a client resolves it. */
    const follow = (address: string): Promise<Response> => fetch(new URL(address, `${proxy.address}/x`))

    it('answers everything', async () => {
      expect((await post('/attention/multi-head', tiny)).status).toBe(200)
      for (const path of ['', '/', '/docs', '/docs/', '/engines', '/metrics', '/health/ready', '/jobs?limit=2'])
        expect((await fetch(proxy.address + path)).status, path).toBe(200)
      const missing = await fetch(`${proxy.address}/nothing`)
      expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
      expect((await fetch(`${proxy.address}/attention/causal`, { method: 'DELETE' })).status).toBe(405)
    })

    it('hands out links that lead back', async () => {
      const seeds = (first: number) => ({ seeds: { first, count: 20 } })
      const first = strips ? 100 : 200
      const submitted = await post('/experiments/bias', seeds(first), { prefer: 'respond-async' })
      expect(submitted.status).toBe(202)
      await post('/experiments/bias', seeds(first + 1), { prefer: 'respond-async' })
      const location = submitted.headers.get('location')!
      const job = (await (await follow(location)).json()) as { id: string; links: Record<string, string> }
      expect(job.links).toEqual({
        self: `${prefix}/jobs/${job.id}`,
        result: `${prefix}/jobs/${job.id}/result`,
        events: `${prefix}/jobs/${job.id}/events`,
      })
      expect(location).toBe(job.links.self)

      const events = parseEvents(await (await follow(job.links.events!)).text())
      expect(events.at(-1)!.name).toBe('succeeded')
      for (const { data } of events) expect(data.links).toEqual(job.links)
      const result = await follow(job.links.result!)
      expect(((await result.json()) as { config: object }).config).toMatchObject(seeds(first))

      const list = await fetch(`${proxy.address}/jobs?limit=1`)
      const page = (await list.json()) as { jobs: { links: Record<string, string> }[]; next: string }
      expect(page.jobs[0]!.links.self).toMatch(`${prefix}/jobs/`)
      expect(list.headers.get('link')).toBe(`<${page.next}>; rel="next"`)
      const next = (await (await follow(page.next)).json()) as { jobs: { links: Record<string, string> }[] }
      expect(next.jobs).toHaveLength(1)
    })

    it('names itself as the server of the documents', async () => {
      const yaml = parse(await (await fetch(`${proxy.address}/openapi.yaml`)).text())
      expect(yaml.servers).toMatchObject([{ url: prefix }])
      expect(await (await fetch(`${proxy.address}/openapi.json`)).json()).toEqual(yaml)
    })
  })
})
