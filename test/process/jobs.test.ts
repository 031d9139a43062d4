import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { family, hasEnded, jobsProcess, killAll, parseEvents, submit, waitFor } from '../support/job-client.ts'
import { isAlive, RunningService, until } from '../support/running-service.ts'
import { absent } from '../support/skip.ts'

const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** Long enough to be caught in the middle. */
const long = { seeds: { first: 0, count: 3000 } }

let running: RunningService[] = []
let folders: string[] = []
afterEach(async () => {
  for (const service of running) await service.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  running = []
  folders = []
})

async function start(environment: Record<string, string>): Promise<RunningService> {
  const service = await RunningService.start(environment)
  running.push(service)
  return service
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
  folders.push(path)
  return path
}

describe.each(['1', '0'])('jobs of a service with WORKERS=%s', (WORKERS) => {
  it('finishes an accepted job after kill -9 of every process, with the bytes of the undisturbed and the synchronous run', async () => {
    const DATA_DIR = folder()
    let service = await start({ WORKERS, DATA_DIR, ENGINE: 'direct' })
    const location = await submit(service, 'bias', long)
    let kills = 0
    for (const share of [0.1, 0.4]) {
      const before = await waitFor(service, location, ({ progress }) => progress.done > share * progress.total)
      expect(before.state).toBe('running')
      killAll(service)
      kills++
      await until(() => !isAlive(service.pid), 30_000, 'the service is dead')
      service = await start({ WORKERS, DATA_DIR, ENGINE: 'direct' })
    }
    const job = await waitFor(service, location, hasEnded)
    expect(job).toMatchObject({ state: 'succeeded', progress: { done: 3000, total: 3000 } })
    console.log(`promise 21: WORKERS=${WORKERS}, killed ${kills} times in the middle, finished`)

    const other = await start({ WORKERS, DATA_DIR: folder(), ENGINE: 'direct' })
    const undisturbed = await submit(other, 'bias', long)
    await waitFor(other, undisturbed, hasEnded)
    for (const accept of ['application/json', 'text/csv', 'image/svg+xml']) {
      const result = await service.get(`${location}/result`, { accept })
      expect(result.status).toBe(200)
      expect(
        result.text === (await other.get(`${undisturbed}/result`, { accept })).text,
        `${accept} of the undisturbed job`,
      ).toBe(true)
      expect(
        result.text === (await service.post('/experiments/bias', long, { accept })).text,
        `${accept} of the synchronous call`,
      ).toBe(true)
    }
    const events = parseEvents((await service.get(`${location}/events`)).text)
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1))
    expect(events.at(-1)!.name).toBe('succeeded')
  }, 240_000)

  it('ends cleanly in the middle of a job, and goes on with it at the next start', async () => {
    const DATA_DIR = folder()
    const first = await start({ WORKERS, DATA_DIR, ENGINE: 'direct' })
    const location = await submit(first, 'heads', { seeds: { first: 7, count: 1500 } })
    await waitFor(first, location, ({ progress }) => progress.done > 100)
    const pids = family(first.pid)
    first.child.kill('SIGTERM')
    await until(() => first.child.exitCode !== null, 30_000, 'the service ended')
    expect(first.child.exitCode).toBe(0)
    expect(pids.filter(isAlive)).toEqual([])
    const second = await start({ WORKERS, DATA_DIR, ENGINE: 'direct' })
    expect((await waitFor(second, location, hasEnded)).state).toBe('succeeded')
  })
})

describe('the process of the jobs', () => {
  it('starts with the first job, and GET /jobs on a fresh service does not start it', async () => {
    const service = await start({ ENGINE: 'direct' })
    expect((await service.get('/jobs')).json()).toEqual({ jobs: [], next: null })
    expect((await service.get('/jobs?limit=0')).status).toBe(400)
    expect((await service.get('/jobs/AAAAAAAAAAAAAAAAAAAAAA')).json().code).toBe('not-found')
    expect((await service.get('/jobs/..%2f/result')).json().code).toBe('not-found')
    expect((await service.send('/jobs/AAAAAAAAAAAAAAAAAAAAAA', { method: 'DELETE' })).status).toBe(404)
    expect((await service.send('/jobs', { method: 'PUT' })).status).toBe(405)
    expect(jobsProcess(service)).toBeUndefined()
    await waitFor(service, await submit(service, 'bias', {}), hasEnded)
    expect(jobsProcess(service)).toBeDefined()
    expect((await service.get('/jobs')).json().jobs).toHaveLength(1)
  })

  it('is followed by the next when it is killed, and loses nothing; events go on where they were cut', async () => {
    const service = await start({ ENGINE: 'direct' })
    const location = await submit(service, 'bias', long)
    const cut = service.get(`${location}/events`).then(
      (answer) => answer.text,
      () => 'cut',
    )
    await waitFor(service, location, ({ progress }) => progress.done > 300)
    process.kill(jobsProcess(service)!, 'SIGKILL')
    expect(await cut).toBe('cut')
    const rest = await service.get(`${location}/events`, { 'last-event-id': '2' })
    const events = parseEvents(rest.text)
    expect(events[0]!.id).toBe(3)
    expect(events.at(-1)).toMatchObject({ name: 'succeeded', data: { progress: { done: 3000, total: 3000 } } })
    expect((await waitFor(service, location, hasEnded)).state).toBe('succeeded')
  })

  it.each(['0', '1'])('has its numbers in /metrics, WORKERS=%s', async (WORKERS) => {
    const service = await start({ WORKERS, ENGINE: 'direct' })
    const chunks = 'attention_job_chunks_total{outcome="kept"}'
    await waitFor(service, await submit(service, 'bias', {}), hasEnded)
    const kept = await service.metric(chunks)
    expect(kept).toBeGreaterThan(0)
    expect(await service.metric('attention_jobs{state="succeeded"}')).toBe(1)
    expect(await service.metric('attention_jobs{state="queued"}')).toBe(0)
    expect(await service.metric('attention_job_seeds_left')).toBe(0)
    await service.send(await submit(service, 'bias', { seeds: { first: 5, count: 20_000 } }), { method: 'DELETE' })
    expect(await service.metric('attention_jobs{state="cancelled"}')).toBe(1)
    expect(await service.metric('attention_job_seeds_left')).toBe(0)
    if (WORKERS === '0') return
    const before = jobsProcess(service)!
    process.kill(before, 'SIGKILL')
    await until(
      () => jobsProcess(service) !== undefined && jobsProcess(service) !== before,
      30_000,
      'the next one is there',
    )
    await waitFor(service, await submit(service, 'bias', { seeds: { first: 9, count: 30 } }), hasEnded)
    expect(await service.metric(chunks)).toBeGreaterThan(kept)
    expect(await service.metric('attention_jobs{state="succeeded"}')).toBe(2)
  })

  it('is heard to the end when a client leaves, so that its job is charged to the rate', async () => {
    const service = await start({ ENGINE: 'direct', RATE_LIMIT: '100' })
    await waitFor(service, await submit(service, 'bias', { seeds: { first: 0, count: 30 } }), hasEnded)
    process.kill(jobsProcess(service)!, 'SIGSTOP')
    const left = new AbortController()
    const answer = service.post(
      '/experiments/bias',
      { seeds: { first: 0, count: 100_000 } },
      { prefer: 'respond-async', 'x-request-id': 'left' },
      left.signal,
    ) // of about 105 units
    await sleep(300) // it lies before the stopped process
    left.abort()
    await expect(answer).rejects.toThrow()
    await sleep(300) // its departure has been noticed
    expect((await service.get('/engines')).status).toBe(200)
    process.kill(jobsProcess(service)!, 'SIGCONT')
    let asked = 0
    await until(
      async () => asked++ > 40 || (await service.get('/engines')).status === 429,
      60_000,
      'it is charged',
      100,
    )
    expect(asked).toBeLessThan(40) // which alone is not too much
  })

  it('dies with its gateway', async () => {
    const service = await start({ ENGINE: 'direct' })
    await submit(service, 'bias', long)
    const pids = family(service.pid)
    expect(pids.length).toBeGreaterThanOrEqual(3)
    process.kill(service.pid, 'SIGKILL')
    await until(() => !pids.some(isAlive), 30_000, 'no process is left')
  })

  it('takes no way into the workers for the outside', async () => {
    const service = await start({ ENGINE: 'direct' })
    const answer = await service.post('/internal/experiments/bias/rows?from=0&to=1', {})
    expect(answer.status).toBe(404)
    expect(answer.json().code).toBe('not-found')
  })

  it('answers interactive requests while a long job runs', async () => {
    const service = await start({ ENGINE: 'direct' })
    const location = await submit(service, 'bias', { seeds: { first: 0, count: 20_000 } })
    await waitFor(service, location, ({ state }) => state === 'running')
    let slowest = 0
    for (let i = 0; i < 20; i++) {
      const answer = await service.post('/attention/causal', {
        model: { d_in: 4, d_out: 4 },
        input: { randn: [1, 4, 4] },
      })
      expect(answer.status).toBe(200)
      slowest = Math.max(slowest, answer.ms)
    }
    console.log(`slowest of 20 small requests beside a job: ${slowest.toFixed(0)} ms`)
    expect(slowest).toBeLessThan(10_000)
    expect((await service.send(location, { method: 'DELETE' })).status).toBe(202)
    expect((await service.get(location)).json().state).toBe('cancelled')
    await until(
      async () => (await service.workers()).every(({ doing }) => doing === null),
      30_000,
      'the worker does nothing for a cancelled job',
    )
  })
})

describe('DATA_DIR', () => {
  const startOn = (DATA_DIR: string) =>
    spawnSync(process.execPath, [mainFile], {
      env: { ...process.env, PORT: '0', WORKERS: '0', ENGINE: 'direct', DATA_DIR, LOG_LEVEL: 'info' },
      timeout: 20_000,
      encoding: 'utf8',
    })

  it('belongs to one service: a second one stops with one clear line; a killed one leaves no lock behind', async () => {
    const DATA_DIR = folder()
    const first = await start({ DATA_DIR, ENGINE: 'direct' })
    const second = startOn(DATA_DIR)
    expect(second.status).toBe(2)
    expect(second.stderr).toBe(
      `attention-service: DATA_DIR=${DATA_DIR}: another service is using this folder; give each its own, or let them share a DATABASE_URL\n`,
    )
    killAll(first)
    await until(() => !isAlive(first.pid), 30_000, 'the first is dead')
    const third = await start({ DATA_DIR, ENGINE: 'direct' })
    expect((await third.get('/health/ready')).status).toBe(200)
  })

  it.skipIf(absent(spawnSync('flock', ['--version']).error !== undefined, 'flock'))(
    'lets no second service in when its locks are deleted, and loses no job with its other marks',
    async () => {
      const DATA_DIR = folder()
      const first = await start({ DATA_DIR, ENGINE: 'direct' })
      const location = await submit(first, 'bias', long)
      const files = readdirSync(DATA_DIR, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(DATA_DIR, 'jobs', 'pg')))
        .map((entry) => join(entry.parentPath, entry.name))
      expect(files.length).toBeGreaterThanOrEqual(2)
      for (const file of files) rmSync(file)
      const second = startOn(DATA_DIR)
      expect(second.status).toBe(2)
      expect(second.stderr).toContain('another service is using this folder')
      await waitFor(first, location, ({ progress }) => progress.done > 100)
      killAll(first)
      await until(() => !isAlive(first.pid), 30_000, 'the first is dead')
      const third = await start({ DATA_DIR, ENGINE: 'direct' })
      expect((await waitFor(third, location, hasEnded)).state).toBe('succeeded')
    },
  )

  it('with damaged jobs costs the jobs and nothing else', async () => {
    const DATA_DIR = folder()
    const first = await start({ DATA_DIR, ENGINE: 'direct' })
    const location = await submit(first, 'bias', {})
    await waitFor(first, location, hasEnded)
    await first.stop()
    truncateSync(join(DATA_DIR, 'jobs', 'pg', 'global', 'pg_control'), 100)
    const second = await start({ DATA_DIR, ENGINE: 'direct' })
    for (const answer of [
      await second.get(location),
      await second.get('/jobs'),
      await second.post('/experiments/bias', {}, { prefer: 'respond-async' }),
    ]) {
      expect(answer.status).toBe(503)
      expect(answer.json()).toMatchObject({ code: 'storage-failed', detail: expect.stringContaining('pg_control') })
    }
    expect((await second.post('/experiments/bias', {})).status).toBe(200)
    expect((await second.get('/health/ready')).status).toBe(200)
    expect(second.logged(({ level, msg }) => level === 50 && String(msg).includes('pg_control'))).toHaveLength(1)
    expect(second.output).not.toContain('Aborted')
    await second.stop()
    const third = await start({ DATA_DIR, ENGINE: 'direct', JOBS_RESET: 'true' })
    expect((await third.get(location)).status).toBe(404)
    await waitFor(third, await submit(third, 'bias', {}), hasEnded)
    expect(readdirSync(join(DATA_DIR, 'jobs')).filter((name) => name.startsWith('pg.kept-'))).toHaveLength(1)
  })
})
