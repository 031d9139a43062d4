import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counted } from '../support/figure.ts'
import { path, tiny } from '../support/requests.ts'
import { RunningService } from '../support/running-service.ts'

describe('keys (promise 20)', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ API_KEYS: 'first-key, second-key', LOG_LEVEL: 'debug' })
  })
  afterAll(() => service.stop())

  it('are asked for everywhere but at health and the page of /docs, before anything is said of what there is', async () => {
    const asked = [
      '/attention/causal',
      '/attention/multi-head?randn=1,2,3',
      '/attention/nothing',
      '/experiments/bias',
      '/engines',
      '/metrics',
      '/openapi.json',
      '/openapi.yaml',
      '/jobs',
      '/jobs/x',
      '/nowhere',
      '/%',
      '/health',
      '/healthy',
      '/docsearch',
      '/docs/json',
      '/docs/yaml',
      '/docs/static/nothing',
    ]
    for (const address of asked) {
      for (const headers of [
        {},
        { 'x-api-key': 'wrong' },
        { 'x-api-key': 'first-key2' },
        { authorization: 'Bearer wrong' },
        { authorization: 'Basic first-key' },
        { 'x-api-key': '' },
      ] as Record<string, string>[]) {
        const answer = await service.get(address, headers)
        if (address === '/%') {
          // not an address at all
          expect(answer.status).toBe(400)
          continue
        }
        expect(answer.status, `${address} ${JSON.stringify(headers)}`).toBe(401)
        expect(answer.json().code).toBe('unauthorized')
        expect(answer.headers['www-authenticate']).toBe('Bearer')
      }
    }
    for (const open of [
      '/health/live',
      '/health/ready',
      '/docs',
      '/docs/static/docs.js',
      '/docs/static/swagger-ui.css',
    ])
      expect((await service.get(open)).status, open).toBe(200)
    counted(20, `${asked.length - 1} addresses refuse 6 wrong keys each`)
  })

  it('open the door in either header', async () => {
    for (const headers of [
      { 'x-api-key': 'first-key' },
      { 'x-api-key': 'second-key' },
      { authorization: 'Bearer second-key' },
      { authorization: 'bearer first-key' },
    ] as Record<string, string>[]) {
      expect((await service.post(path, tiny, headers)).status).toBe(200)
      expect((await service.get('/nowhere', headers)).status).toBe(404)
    }
  })

  it('a body without a key is not even read', async () => {
    const answer = await service.post(path, Buffer.alloc(20 * 2 ** 20, ' '))
    expect(answer.status).toBe(401)
  })

  it('are in no line of the log', () => {
    expect(service.output.length).toBeGreaterThan(1_000)
    expect(service.output).not.toMatch(/first-key|second-key/)
  })
})

describe('the rate (promise 20)', () => {
  it('is charged by the work that the worker reports, to the address', async () => {
    const service = await RunningService.start({ RATE_LIMIT: '20' })
    try {
      // A request of about 14 units of work, itself one request only.
      const heavy = {
        model: { d_in: 512, d_out: 512, num_heads: 8 },
        input: { randn: [1, 1024, 512] },
        return: ['summary'],
      }
      expect((await service.post(path, tiny)).status).toBe(200)
      const answers = [
        await service.post(path, heavy),
        await service.post(path, heavy),
        await service.post(path, heavy),
      ]
      expect(answers[0]!.status).toBe(200)
      const refused = answers.find(({ status }) => status === 429)
      expect(refused?.json().code).toBe('rate-limited')
      const seconds = Number(refused!.headers['retry-after'])
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(60)
      // A forged address is the same client.
      expect((await service.post(path, tiny, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(429)
      expect((await service.get('/health/ready')).status).toBe(200)
      expect((await service.get('/metrics')).status).toBe(429) // counts like everything else
    } finally {
      await service.stop()
    }
  })

  it('behind a proxy of one’s own counts for the last forwarded address: made-up ones before it change nothing', async () => {
    const service = await RunningService.start({ RATE_LIMIT: '2', TRUST_PROXY: 'true' })
    try {
      const from = (address: string) => service.get('/engines', { 'x-forwarded-for': address })
      expect([
        (await from('203.0.113.1')).status,
        (await from('192.0.2.77, 203.0.113.1')).status,
        (await from('192.0.2.78, ::ffff:203.0.113.1')).status,
      ]).toEqual([200, 200, 429])
      expect((await from('203.0.113.2')).status).toBe(200)
    } finally {
      await service.stop()
    }
  })

  it('is charged for a job when it is accepted, and not for one that was accepted before', async () => {
    const service = await RunningService.start({ RATE_LIMIT: '30' })
    try {
      const submit = (count: number) =>
        service.post('/experiments/bias', { seeds: { first: 0, count } }, { prefer: 'respond-async' })
      const job = await submit(20_000) // of about 21 units
      expect(job.status).toBe(202)
      expect((await submit(20_000)).json().id).toBe(job.json().id)
      expect((await submit(20_001)).status).toBe(202) // the limit is passed by what was accepted below it
      expect((await submit(20_000)).status).toBe(429)
      expect((await service.get('/health/ready')).status).toBe(200)
    } finally {
      await service.stop()
    }
  })

  it('is counted for each key', async () => {
    const service = await RunningService.start({ RATE_LIMIT: '2', API_KEYS: 'a-key,b-key' })
    try {
      const by = async (key: string) => (await service.get('/engines', { 'x-api-key': key })).status
      expect([await by('a-key'), await by('a-key'), await by('a-key'), await by('b-key')]).toEqual([200, 200, 429, 200])
    } finally {
      await service.stop()
    }
  })
})

describe('browsers', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ CORS_ORIGINS: 'https://lab.example,https://other.example', API_KEYS: 'key' })
  })
  afterAll(() => service.stop())

  it('may call from the named origins only', async () => {
    const preflight = await service.send(path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://lab.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-api-key',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-origin']).toBe('https://lab.example')
    expect(preflight.headers['access-control-allow-headers']).toMatch(/x-api-key/)
    const answer = await service.post(path, tiny, { origin: 'https://lab.example', 'x-api-key': 'key' })
    expect(answer.headers['access-control-allow-origin']).toBe('https://lab.example')
    expect(answer.headers['access-control-expose-headers']).toMatch(/server-timing/)
    const foreign = await service.post(path, tiny, { origin: 'https://evil.example', 'x-api-key': 'key' })
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('get a problem document for a preflight that is none', async () => {
    for (const headers of [{}, { origin: 'https://lab.example' }, { 'access-control-request-method': 'POST' }]) {
      const answer = await service.send(path, { method: 'OPTIONS', headers: headers as Record<string, string> })
      expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/problem+json'])
      expect(answer.json().code).toBe('invalid-request')
    }
  })

  it('get a policy without inline scripts or eval; inline styles on /docs alone', async () => {
    const docs = String((await service.get('/docs')).headers['content-security-policy'])
    const engines = String((await service.get('/engines', { 'x-api-key': 'key' })).headers['content-security-policy'])
    const data = String((await service.post(path, tiny, { 'x-api-key': 'key' })).headers['content-security-policy'])
    for (const policy of [docs, engines, data]) {
      expect(policy).toMatch(/default-src 'none'/)
      expect(policy).not.toMatch(/unsafe-eval|upgrade-insecure-requests/)
      expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/)
    }
    expect(docs).toMatch(/style-src[^;]*'unsafe-inline'/)
    expect(engines).not.toMatch(/unsafe-inline/)
  })
})
