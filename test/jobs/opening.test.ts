import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { JobFolder } from '../../src/jobs/job-folder.ts'
import { Jobs } from '../../src/jobs/jobs.ts'
import { Opening } from '../../src/jobs/opening.ts'

const path = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
afterAll(() => rmSync(path, { recursive: true, force: true }))

describe('the store of jobs', () => {
  it('is opened anew after it broke, and has everything that was in it', async () => {
    const log = pino({ level: 'silent' })
    const compute = (): Promise<string> => new Promise(() => {})
    const opening = new Opening({
      counts: { kept: 0, failed: 0, 'put-off': 0 },
      folder: new JobFolder(path),
      databaseUrl: '',
      databaseTimeoutMs: 1000,
      reset: false,
      limits: { retentionDays: 1, jobsPerCaller: 10, bytes: 1e9 },
      version: '1.0.0',
      lanes: 1,
      chunkSeconds: 60,
      compute: (_chunk, signal) =>
        Promise.race([
          compute(),
          new Promise<string>((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          ),
        ]),
      render: () => Promise.reject(new Error('nothing to render')),
      log,
    })
    const jobs = new Jobs(
      opening,
      { compute, engines: async () => [] },
      { maxSeeds: 1000, chunkBytes: 1e9, databaseSeconds: null },
      '1.0.0',
      log,
    )
    const first = await opening.open()
    const {
      job: { id },
    } = await first.store.submit({
      content: 'c',
      idOf: () => 'the-job',
      caller: '',
      kind: 'bias',
      request: '{}',
      unit: 'seed',
      units: 10,
      unitsPerChunk: 5,
      bytes: 1,
    })
    opening.accepting()
    await first.database.close() // as when its process memory is spoilt: nothing answers any more
    await expect(jobs.get('', id)).rejects.toMatchObject({ code: 'storage-failed', headers: { 'retry-after': '5' } })
    for (let tries = 0; ; tries++) {
      const job = await jobs.get('', id).catch(() => null)
      if (job !== null) {
        expect(job).toMatchObject({ id: 'the-job', progress: { total: 10 } })
        break
      }
      expect(tries).toBeLessThan(100)
      await sleep(200)
    }
    expect(await opening.open()).not.toBe(first)
    await opening.close()
    await expect(jobs.get('', id)).rejects.toMatchObject({ code: 'storage-failed' })
  })
})

it('a database that says nothing has no numbers, and nobody waits for them', async () => {
  const connections: Socket[] = []
  const silent = createServer((connection) => connections.push(connection)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const opening = new Opening({
    folder: new JobFolder(path),
    databaseUrl: `postgres://a:b@127.0.0.1:${(silent.address() as AddressInfo).port}/x`,
    databaseTimeoutMs: 20_000,
    reset: false,
    limits: { retentionDays: 1, jobsPerCaller: 10, bytes: 1e9 },
    version: '1.0.0',
    lanes: 1,
    chunkSeconds: 60,
    compute: () => new Promise(() => {}),
    render: () => new Promise(() => {}),
    log: pino({ level: 'silent' }),
    counts: { kept: 0, failed: 0, 'put-off': 0 },
  })
  expect(await opening.numbers()).toBeNull()
  const started = opening.start()
  expect(await Promise.race([opening.numbers(), sleep(5_000, 'late')])).toBeNull()
  for (const connection of connections) connection.destroy()
  silent.close()
  await started
  await opening.close()
})
