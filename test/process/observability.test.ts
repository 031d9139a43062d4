import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { path, tiny } from '../support/requests.ts'
import { RunningService, until } from '../support/running-service.ts'

describe('what can be seen of a running service', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ WORKERS: '2' })
    await until(
      async () => (await service.workers()).every(({ state }) => state === 'ready'),
      30_000,
      'both workers are ready',
    )
  })
  afterAll(() => service.stop())

  it('one line a request, with its id and where the time went', async () => {
    await service.post(path, tiny, { 'x-request-id': 'seen-once' })
    await until(() => service.logged(({ reqId }) => reqId === 'seen-once').length > 0, 30_000, 'the line is written')
    const lines = service.logged(({ reqId }) => reqId === 'seen-once')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      method: 'POST',
      url: path,
      status: 200,
      ms: expect.any(Number),
      queue_ms: expect.any(Number),
      compute_ms: expect.any(Number),
      encode_ms: expect.any(Number),
      engine: expect.stringMatching(/ on cpu$/),
    })
  })

  it('Server-Timing, and nothing of what gateway and worker say to each other', async () => {
    const { headers } = await service.post(path, tiny)
    expect(headers['server-timing']).toMatch(/^queue;dur=[\d.]+, compute;dur=[\d.]+, encode;dur=[\d.]+$/)
    expect(
      Object.keys(headers)
        .filter((name) => name.startsWith('x-'))
        .sort(),
    ).toEqual(['x-content-type-options', 'x-request-id'])
  })

  it('metrics of all processes in one text, by the conventions of Prometheus', async () => {
    const requests = `attention_http_requests_total{method="POST",route="${path}",status="200"}`
    const before = await service.metric(requests)
    for (let i = 0; i < 5; i++) await service.post(path, tiny)
    await service.post('/attention/no-such-model', tiny)
    expect(await service.metric(requests)).toBe(before + 5)
    expect(await service.metric('attention_http_requests_total{method="POST",route="/attention/*",status="404"}')).toBe(
      1,
    )
    const { text, headers } = await service.get('/metrics')
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    for (const name of [
      'attention_queue_seconds',
      'attention_compute_seconds',
      'attention_encode_seconds',
      'attention_http_request_duration_seconds',
    ]) {
      expect(text).toContain(`# TYPE ${name} histogram`)
      expect(text).toMatch(new RegExp(`^${name}_count(\\{.*\\})? [1-9]`, 'm'))
    }
    for (const name of [
      'attention_queue_length',
      'attention_inflight_bytes',
      'attention_workers',
      'attention_worker_resident_memory_bytes',
    ])
      expect(text).toContain(`# TYPE ${name} gauge`)
    for (const name of ['attention_worker_restarts_total', 'attention_work_units_total', 'attention_retries_total'])
      expect(text).toContain(`# TYPE ${name} counter`)
    expect(text).toContain('attention_workers{state="ready"} 2')
    expect(text.match(/^attention_worker_resident_memory_bytes\{worker="\d"\} \d+$/gm)).toHaveLength(2)
    const names = new Set([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`))
    for (const name of names) {
      const [metric, type] = name.split(' ') as [string, string]
      expect(metric).toMatch(/^[a-z][a-z0-9_]*$/)
      if (metric.startsWith('attention_') && type === 'counter') expect(metric).toMatch(/_total$/)
    }
    expect(text.match(/^# TYPE (\S+) /gm)!.length).toBe(names.size)
  })

  it('every metric that the Grafana dashboard asks for', async () => {
    const dashboard = readFileSync(new URL('../../deploy/grafana/attention-service.json', import.meta.url), 'utf8')
    const asked = new Set(
      [...dashboard.matchAll(/\b(attention|process|nodejs)_[a-z0-9_]+(?=[{[\\,)])/g)].map(([name]) =>
        name.replace(/_bucket$/, ''),
      ),
    )
    expect(asked.size).toBeGreaterThan(15)
    const {
      headers: { location },
      // The process that has the jobs is there from the first one on
    } = await service.post('/experiments/bias', {}, { prefer: 'respond-async' })
    await until(
      async () => (await service.get(location as string)).json().state === 'succeeded',
      60_000,
      'the job is done',
    )
    const { text } = await service.get('/metrics')
    for (const name of asked) expect(text, name).toContain(`# TYPE ${name} `)
  })

  it('counters that do not go back when a worker ends', async () => {
    const hits = async (): Promise<number> =>
      [
        ...(await service.get('/metrics')).text.matchAll(/^attention_cache_(?:hits|misses)_total\{.*\} (\d+)$/gm),
      ].reduce((sum, [, value]) => sum + Number(value), 0)
    for (let i = 0; i < 4; i++) await service.post(path, tiny)
    const before = await hits()
    const workers = await service.workers()
    for (const { pid } of workers) process.kill(pid, 'SIGKILL')
    await until(
      async () =>
        (await service.workers()).every(
          ({ state, pid }) => state === 'ready' && !workers.some((before) => before.pid === pid),
        ),
      30_000,
      'both are back',
    )
    expect(await hits()).toBeGreaterThanOrEqual(before)
    expect(await service.metric('attention_worker_restarts_total{worker="0"}')).toBeGreaterThan(0)
  })

  it('each worker in /engines', async () => {
    const workers = await service.workers()
    expect(workers.map(({ id }) => id)).toEqual([0, 1])
    for (const worker of workers)
      expect(worker).toMatchObject({ pid: expect.any(Number), device: 'cpu', state: 'ready', doing: null })
  })
})

interface SeenSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
}

/** A collector of traces on the loopback, as OTLP over HTTP. */
async function collect() {
  const spans: SeenSpan[] = []
  const resources: Record<string, string>[] = []
  const collector = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString()
    if (request.headers['content-type'] === 'application/json') {
      for (const { resource, scopeSpans } of JSON.parse(text).resourceSpans) {
        const attributes = resource.attributes as { key: string; value: { stringValue: string } }[]
        resources.push(Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])))
        for (const scope of scopeSpans) spans.push(...scope.spans)
      }
    }
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  return { spans, resources, endpoint, close: () => collector.close() }
}

it('traces go to the collector: the gateway’s span, the worker’s below it, the client’s above', async () => {
  const { spans, resources, endpoint, close } = await collect()
  const service = await RunningService.start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  try {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    await service.post(path, tiny, { traceparent: `00-${traceId}-b7ad6b7169203331-01` })
    const ours = () => spans.filter((span) => span.traceId === traceId)
    await until(() => ours().length >= 8, 30_000, 'the spans have arrived', 100)
    const requests = ours().filter(({ name }) => name.startsWith('POST'))
    const gateway = requests.find(({ parentSpanId }) => parentSpanId === 'b7ad6b7169203331')!
    const worker = requests.find(({ parentSpanId }) => parentSpanId === gateway.spanId)!
    for (const parent of [gateway, worker]) {
      expect(
        ours()
          .filter(({ parentSpanId, name }) => parentSpanId === parent.spanId && !name.startsWith('POST'))
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['compute', 'encode', 'queue'])
    }
    for (const resource of resources) expect(resource['service.name']).toBe('attention-service')
  } finally {
    await service.stop()
    close()
  }
})

it('traces name the service as OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say', async () => {
  const { resources, endpoint, close } = await collect()
  const service = await RunningService.start({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_SERVICE_NAME: 'maps',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment=test%20bed',
  })
  try {
    await service.post(path, tiny)
    const instances = () => new Set(resources.map((resource) => resource['service.instance.id']))
    await until(() => instances().size >= 2, 30_000, 'gateway and worker have sent spans', 100)
    for (const resource of resources)
      expect(resource).toMatchObject({ 'service.name': 'maps', 'deployment.environment': 'test bed' })
    expect(instances()).toEqual(new Set(['gateway', 'worker 0']))
  } finally {
    await service.stop()
    close()
  }
})

it.each([
  ['OTEL_SDK_DISABLED', 'true'],
  ['OTEL_TRACES_EXPORTER', 'none'],
])('%s=%s: no traces', async (name, value) => {
  const { spans, endpoint, close } = await collect()
  const service = await RunningService.start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, [name]: value })
  await service.post(path, tiny)
  await service.stop() // which sends what there is
  close()
  expect(spans).toEqual([])
})
