import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { JobBody, jobExamples } from '../../src/http/schemas/jobs.ts'
import type { Service } from '../../src/service.ts'
import { hasEnded, parseEvents } from '../support/job-client.ts'
import type { SeenJob } from '../support/job-client.ts'
import { startService } from '../support/service.ts'

const keyA = { 'x-api-key': 'key-a' }
const keyB = { authorization: 'Bearer key-b' }
const small = { seeds: { first: 0, count: 40 } }
const forms = ['application/json', 'text/csv', 'application/vnd.vegalite.v6+json', 'image/svg+xml', 'image/png']

describe('jobs over HTTP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
  let service: Service
  beforeAll(async () => {
    service = await startService({
      ENGINE: 'direct',
      DATA_DIR: folder,
      API_KEYS: 'key-a,key-b',
      JOB_LIMIT: '2',
      MAX_SEEDS: '100000',
    })
  })
  afterAll(async () => {
    await service.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const get = (url: string, headers: Record<string, string> = keyA) => service.app.inject({ url, headers })
  const post = (kind: string, payload: object, headers: Record<string, string> = keyA, prefer = 'respond-async') =>
    service.app.inject({ method: 'POST', url: `/experiments/${kind}`, headers: { prefer, ...headers }, payload })
  const cancel = (url: string, headers: Record<string, string> = keyA) =>
    service.app.inject({ method: 'DELETE', url, headers })
  async function ended(url: string, headers = keyA): Promise<SeenJob> {
    for (;;) {
      const job = (await get(url, headers)).json() as SeenJob
      if (hasEnded(job)) return job
      await sleep(50)
    }
  }
  async function accepted(kind: string, payload: object, headers: Record<string, string> = keyA): Promise<string> {
    const answer = await post(kind, payload, headers)
    expect(answer.statusCode, answer.body).toBe(202)
    return answer.headers.location as string
  }

  it('opens no database for a question, where there never was a job', async () => {
    expect((await get('/jobs')).json()).toEqual({ jobs: [], next: null })
    for (const url of [
      '/jobs/AAAAAAAAAAAAAAAAAAAAAA',
      '/jobs/AAAAAAAAAAAAAAAAAAAAAA/result',
      '/jobs/AAAAAAAAAAAAAAAAAAAAAA/events',
    ])
      expect((await get(url)).statusCode).toBe(404)
    expect((await cancel('/jobs/AAAAAAAAAAAAAAAAAAAAAA')).statusCode).toBe(404)
    expect(existsSync(join(folder, 'jobs'))).toBe(false)
  })

  it('accepts an experiment at once, and says where', async () => {
    const answer = await post('bias', small, keyA, 'wait=5, Respond-Async;foo')
    expect(answer.statusCode).toBe(202)
    expect(answer.headers['preference-applied']).toBe('respond-async')
    const job = answer.json()
    expect(answer.headers.location).toBe(`/jobs/${job.id}`)
    expect(job).toMatchObject({ kind: 'bias', progress: { total: 40 } })
    expect(await ended(`/jobs/${job.id}`)).toMatchObject({ state: 'succeeded', progress: { done: 40, total: 40 } })
  })

  it.each(['bias', 'heads'])('answers %s in every form with the bytes of the synchronous call', async (kind) => {
    const body = { ...small, return: ['report', 'rows'], confidence: 0.9 }
    const location = await accepted(kind, body)
    await ended(location)
    for (const accept of forms) {
      const headers = { ...keyA, accept }
      const result = await get(`${location}/result`, headers)
      const direct = await post(kind, body, headers, 'return=minimal')
      expect(result.statusCode, result.body).toBe(200)
      expect(result.headers['content-type']).toBe(direct.headers['content-type'])
      expect(result.rawPayload.equals(direct.rawPayload), accept).toBe(true)
    }
    expect((await get(`${location}/result?format=csv`)).headers['content-type']).toContain('text/csv')
    expect((await get(`${location}/result`, { ...keyA, accept: 'application/pdf' })).json().code).toBe('not-acceptable')
    expect((await get(`${location}/result?format=npz`)).json().code).toBe('invalid-request')
  })

  it('takes the same request of the same caller for the same job, however it is written', async () => {
    const location = await accepted('bias', small)
    expect(await accepted('bias', { seeds: { count: 40, first: 0 }, model: { d_in: 20 }, margin: 0.05 })).toBe(location)
    expect(await accepted('bias', { seeds: { count: 40, first: 1 } })).not.toBe(location)
    expect(await accepted('bias', small, keyB)).not.toBe(location)
    await ended(location)
    expect(await accepted('bias', small)).toBe(location)
  })

  it('streams events with ids: progress, then how it ended; goes on after Last-Event-ID', async () => {
    const location = await accepted('heads', { seeds: { first: 5, count: 60 } })
    const answer = await get(`${location}/events`) // ends with the job
    expect(answer.headers['content-type']).toBe('text/event-stream')
    const events = parseEvents(answer.body)
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1))
    expect(events.slice(0, -1).every(({ name }) => name === 'progress')).toBe(true)
    expect(events.at(-1)).toMatchObject({
      name: 'succeeded',
      data: { state: 'succeeded', progress: { done: 60, total: 60 } },
    })
    const done = events.map(({ data }) => data.progress.done as number)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(events.length).toBeGreaterThan(5)

    const rest = await get(`${location}/events`, { ...keyA, 'last-event-id': String(events.length - 2) })
    expect(parseEvents(rest.body)).toEqual(events.slice(-2))
    expect((await get(`${location}/events`, { ...keyA, 'last-event-id': String(events.length) })).statusCode).toBe(204)
    expect((await get(`${location}/events`, { ...keyA, 'last-event-id': 'x' })).statusCode).toBe(400)
  })

  it('cancels a job; its result is refused, and the same request is a new job', async () => {
    const long = { seeds: { first: 0, count: 50_000 } }
    const location = await accepted('bias', long)
    const early = await get(`${location}/result`)
    expect([early.statusCode, early.json().code]).toEqual([409, 'job-not-finished'])
    expect(early.headers['retry-after']).toBeDefined()
    const events = get(`${location}/events`)
    const answer = await cancel(location)
    expect([answer.statusCode, answer.json().state]).toEqual([202, 'cancelled'])
    expect(parseEvents((await events).body).at(-1)).toMatchObject({ name: 'cancelled' })
    expect((await get(`${location}/result`)).json()).toMatchObject({ status: 409, code: 'job-cancelled' })
    expect((await cancel(location)).json()).toMatchObject({ status: 409, code: 'job-ended' })
    const again = await accepted('bias', long)
    expect(again).not.toBe(location)
    await cancel(again)
  })

  it('shows a job to its own key alone', async () => {
    const location = await accepted('bias', small)
    for (const url of [location, `${location}/result`, `${location}/events`]) {
      expect((await get(url, keyB)).json()).toMatchObject({ status: 404, code: 'not-found' })
      expect((await get(url, {})).statusCode).toBe(401)
    }
    expect((await cancel(location, keyB)).statusCode).toBe(404)
    const own = (await get('/jobs', keyB)).json().jobs as SeenJob[]
    expect(own.map(({ id }) => `/jobs/${id}`)).not.toContain(location)
  })

  it.each([
    'x',
    'AAAAAAAAAAAAAAAAAAAAAA',
    '%00',
    '%F0%9F%98%80',
    'a'.repeat(500),
    "';DROP TABLE jobs",
    '-1',
    '__proto__',
  ])('answers 404 for the unknown id %s', async (id) => {
    for (const url of [`/jobs/${id}`, `/jobs/${id}/result`, `/jobs/${id}/events`])
      expect((await get(url)).json()).toMatchObject({ status: 404, code: 'not-found' })
    expect((await cancel(`/jobs/${id}`)).statusCode).toBe(404)
  })

  it('lists newest first, in pages', async () => {
    for (let first = 100; first < 104; first++) await ended(await accepted('bias', { seeds: { first, count: 2 } }))
    const all = (await get('/jobs?limit=100')).json() as { jobs: SeenJob[]; next: string | null }
    expect(all.next).toBeNull()
    const times = all.jobs.map(({ created_at }) => String(created_at))
    expect(times).toEqual([...times].sort().reverse())
    const seen: string[] = []
    for (let url: string | null = '/jobs?limit=3'; url !== null; ) {
      const page = await get(url)
      const { jobs, next } = page.json() as { jobs: SeenJob[]; next: string | null }
      expect(jobs.length).toBeLessThanOrEqual(3)
      expect(page.headers.link).toBe(next === null ? undefined : `<${next}>; rel="next"`)
      seen.push(...jobs.map(({ id }) => id))
      url = next
    }
    expect(seen).toEqual(all.jobs.map(({ id }) => id))
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'before=x', 'page=2', 'limit=1&limit=2'])
      expect((await get(`/jobs?${query}`)).json()).toMatchObject({ status: 400, code: 'invalid-request' })
  })

  it('refuses what cannot be done before it is accepted: bad requests, too many seeds, too large a seed, too many jobs', async () => {
    expect((await post('bias', { model: { d_in: 'x' } })).json()).toMatchObject({
      status: 400,
      errors: [{ path: '/model/d_in' }],
    })
    expect((await post('bias', { seeds: { list: [1, 1] } })).json()).toMatchObject({
      status: 400,
      errors: [{ path: '/seeds/list/1' }],
    })
    for (const prefer of ['respond-async', 'return=minimal'])
      expect((await post('bias', { engine: 'tensorflow' }, keyA, prefer)).json()).toMatchObject({
        status: 400,
        code: 'engine-not-enabled',
        errors: [{ path: '/engine' }],
      })
    expect((await post('bias', { seeds: { count: 100_001 } })).json()).toMatchObject({
      status: 413,
      code: 'work-too-large',
    })
    expect((await post('bias', { input: { seq_len: 200_000 }, seeds: { count: 1 } })).json()).toMatchObject({
      status: 413,
    })
    const waiting: string[] = []
    for (let first = 0; first < 2; first++) waiting.push(await accepted('heads', { seeds: { first, count: 50_000 } }))
    const third = await post('heads', { seeds: { first: 2, count: 50_000 } })
    expect(third.json()).toMatchObject({ status: 429, code: 'rate-limited' })
    expect(third.headers['retry-after']).toBe('10')
    const other = await accepted('heads', { seeds: { first: 2, count: 10 } }, keyB)
    await ended(other, keyB as never) // a short job is not kept waiting by long ones
    for (const location of waiting) {
      expect((await get(location)).json().progress.done).toBeLessThan(50_000)
      await cancel(location)
    }
  })

  it('documents jobs as they are', async () => {
    const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(
      JSON.parse(JSON.stringify(JobBody)),
    )
    for (const job of [...Object.values(jobExamples), ...(await get('/jobs')).json().jobs])
      expect(validate(job), JSON.stringify(validate.errors)).toBe(true)
  })
})

describe('a result that has expired', () => {
  it('is 410, its job is told apart from an unknown one, and the same request is a new job', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
    const service = await startService({ ENGINE: 'direct', DATA_DIR: folder, JOB_RETENTION: String(2 / 86_400) })
    const submit = () =>
      service.app.inject({
        method: 'POST',
        url: '/experiments/bias',
        headers: { prefer: 'respond-async' },
        payload: small,
      })
    const location = (await submit()).headers.location as string
    while ((await service.app.inject(`${location}/result`)).statusCode === 409) await sleep(50)
    expect((await service.app.inject(`${location}/result`)).statusCode).toBe(200)
    await sleep(2_200)
    for (const url of [`${location}/result`, `${location}/events`])
      expect((await service.app.inject(url)).json()).toMatchObject({ status: 410, code: 'job-expired' })
    expect((await service.app.inject(location)).json()).toMatchObject({
      state: 'succeeded',
      progress: { done: 40, total: 40 },
    })
    expect((await service.app.inject('/jobs')).json().jobs).toEqual([])
    expect((await submit()).headers.location).not.toBe(location)
    await service.close()
    rmSync(folder, { recursive: true, force: true })
  })
})
