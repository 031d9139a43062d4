import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { ServiceError } from '../../src/errors.ts'
import { buildApp } from '../../src/http/app.ts'
import { asyncExperiments, onlyAsyncExperiments } from '../../src/http/routes/async-experiments.ts'
import { jobRoutes } from '../../src/http/routes/jobs.ts'
import { createJobs } from '../../src/jobs/create.ts'
import type { JobService } from '../../src/jobs/create.ts'
import type { ComputeChunk } from '../../src/jobs/runner.ts'
import { hasEnded } from '../support/job-client.ts'
import type { SeenJob } from '../support/job-client.ts'

describe('chunks that fail', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
  const log = pino({ level: 'silent' })
  const tries = new Map<number, number>()
  let behaviour: (from: number, attempt: number) => string = () => ''
  let service: JobService
  let app: FastifyInstance

  // The workers' place is taken by what each test says a chunk comes to.
  const compute: ComputeChunk = async ({ from }) => {
    const attempt = (tries.get(from) ?? 0) + 1
    tries.set(from, attempt)
    return behaviour(from, attempt)
  }

  beforeAll(async () => {
    const config = readConfig({ WORKERS: '0', ENGINE: 'direct', DATA_DIR: folder })
    service = createJobs(config, log, { compute, engines: async () => [] })
    app = await buildApp(config, log, [
      (app) => {
        app.decorateRequest('caller', '')
      },
      asyncExperiments(service.jobs, config),
      onlyAsyncExperiments,
      jobRoutes(service.jobs, config),
    ])
  })
  beforeEach(() => tries.clear())
  afterAll(async () => {
    await service.close()
    await app.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function run(first: number): Promise<{ location: string; job: SeenJob }> {
    const answer = await app.inject({
      method: 'POST',
      url: '/experiments/bias',
      headers: { prefer: 'respond-async' },
      payload: { seeds: { first, count: 40 } },
    })
    expect(answer.statusCode, answer.body).toBe(202)
    const location = answer.headers.location as string
    for (;;) {
      const job = (await app.inject(location)).json() as SeenJob
      if (hasEnded(job)) return { location, job }
      await sleep(50)
    }
  }

  it('fail their job the third time, with its problem document; the same request is then a new job', async () => {
    behaviour = (from) => {
      if (from === 0) throw new ServiceError('request-crashes-worker', 'The request ended its worker twice.')
      throw new ServiceError('draining', 'Wait.')
    }
    const { location, job } = await run(0)
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'request-crashes-worker' } })
    expect(tries.get(0)).toBe(3)
    const result = await app.inject(`${location}/result`)
    expect(result.statusCode).toBe(500)
    expect(result.headers['content-type']).toContain('application/problem+json')
    expect(result.json()).toMatchObject({
      code: 'request-crashes-worker',
      detail: 'The request ended its worker twice.',
    })
    expect(result.json().instance).toBe(result.headers['x-request-id'])
    const again = await app.inject({
      method: 'POST',
      url: '/experiments/bias',
      headers: { prefer: 'respond-async' },
      payload: { seeds: { first: 0, count: 40 } },
    })
    expect(again.headers.location).not.toBe(location)
    expect((await app.inject({ method: 'DELETE', url: again.headers.location as string })).statusCode).toBe(202)
  })

  it('that only found nobody to compute them are tried again, and do not count', async () => {
    const passing = ['not-ready', 'worker-lost'] as const
    behaviour = (_from, attempt) => {
      if (attempt <= passing.length) throw new ServiceError(passing[attempt - 1]!, 'Later.')
      throw new ServiceError('engine-failed', 'The engine failed.')
    }
    const { job } = await run(1)
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'engine-failed' } })
    expect(Math.max(...tries.values())).toBe(passing.length + 3)
  })

  it('in words that are not ours end in `internal`, without the words', async () => {
    behaviour = () => {
      throw new Error('/secret/path of a library')
    }
    const { location } = await run(3)
    const result = await app.inject(`${location}/result`)
    expect(result.json()).toMatchObject({ status: 500, code: 'internal' })
    expect(result.body).not.toContain('secret')
  })

  it('rows that make no report fail the job as well, after three tries', async () => {
    behaviour = () => '{"engine": {"name": "direct", "device": "cpu", "version": "0"}, "rows": []}'
    const { job } = await run(4)
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'internal' }, progress: { done: 40, total: 40 } })
  })
})
