import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { background, hasEnded, submit, waitFor } from '../support/job-client.ts'
import { RunningService } from '../support/running-service.ts'

const folder = mkdtempSync(join(tmpdir(), 'attention-disk-'))
const mount = (size: string, ...more: string[]): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', [...more, `size=${size}`].join(','), 'tmpfs', folder]).status === 0
const mounted = mount('64m')
// A runner of CI may not be allowed to mount either, so this is not one of those that must run there.
if (!mounted) console.warn('skipped: a small disk cannot be mounted here')

afterAll(() => {
  if (mounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
})

function fill(): void {
  const file = openSync(join(folder, 'fill'), 'w')
  for (const size of [65_536, 512]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size))
    } catch {
      // full
    }
  }
  closeSync(file)
}

describe.skipIf(!mounted).each(['1', '0'])('a full disk, WORKERS=%s', (WORKERS) => {
  it('refuses jobs with a clear error, goes on with everything else, and takes jobs when there is room again', async () => {
    rmSync(join(folder, 'jobs'), { recursive: true, force: true })
    const service = await RunningService.start({ WORKERS, ENGINE: 'direct', DATA_DIR: folder })
    const location = await submit(service, 'bias', { seeds: { first: 0, count: 200 } })
    await waitFor(service, location, hasEnded)

    const long = await submit(service, 'bias', { seeds: { first: 0, count: 2000 } })
    fill()
    const refused = await service.post(
      '/experiments/bias',
      { seeds: { first: 1, count: 200 } },
      { prefer: 'respond-async' },
    )
    expect(refused.status).toBe(503)
    expect(refused.json()).toMatchObject({ code: 'storage-failed' })
    expect(refused.json().detail).toMatch(/MiB left/)
    expect(refused.headers['retry-after']).toBeDefined()
    await sleep(3_000) // the long job meets the full disk
    expect((await service.get('/health/ready')).status).toBe(200)
    expect((await service.post('/experiments/bias', {})).status).toBe(200)

    rmSync(join(folder, 'fill'))
    expect((await waitFor(service, long, hasEnded)).state).toBe('succeeded')
    expect(
      (await service.get(`${long}/result`)).text ===
        (await service.post('/experiments/bias', { seeds: { first: 0, count: 2000 } })).text,
    ).toBe(true)
    expect((await service.get(`${location}/result`)).status).toBe(200)
    await waitFor(service, await submit(service, 'bias', { seeds: { first: 1, count: 200 } }), hasEnded)
    await service.stop()
  }, 180_000)
})

/** MiB that a folder takes. */
function usedMiB(path: string): number {
  const { stdout } = spawnSync('du', ['-sk', path], { encoding: 'utf8' })
  return Number(stdout.split('\t')[0]) / 1024
}

describe('JOB_STORAGE', () => {
  const kinds = [
    ['60 of 8 MB', 60, 1_450_000],
    ['small and medium ones', process.env.SOAK ? 1_000 : 100, 25_000],
  ] as const

  it.each(kinds)(
    'bounds the disk whatever is submitted and cancelled: %s',
    async (_kind, count, values) => {
      const DATA_DIR = mkdtempSync(join(tmpdir(), 'attention-storage-'))
      const service = await RunningService.start({ ENGINE: 'direct', DATA_DIR, JOB_STORAGE: '64' })
      let most = 0
      try {
        for (let i = 0; i < count; i++) {
          const width = count === 60 || i % 10 === 0 ? values : 8
          // Numbers that do not compress, none of them infinite.
          const base64 = Buffer.from(Float32Array.from({ length: width }, () => Math.random()).buffer).toString(
            'base64',
          )
          const location = await submit(service, 'bias', {
            seeds: { first: i, count: 300 },
            model: { d_in: width / 2, d_out: 2 },
            input: { shape: [2, width / 2], base64 },
          })
          expect((await service.send(location, { method: 'DELETE' })).status).toBe(202)
          most = Math.max(most, usedMiB(DATA_DIR))
        }
        console.log(`promise 27: ${count} jobs submitted and cancelled: at most ${most.toFixed(0)} MiB of disk`)
        expect(most).toBeLessThan(64 * 1.25 + 120)
        expect((await service.get('/jobs?limit=100')).json().jobs.length).toBe(Math.min(100, count))
      } finally {
        await service.stop()
        rmSync(DATA_DIR, { recursive: true, force: true })
      }
    },
    600_000,
  )

  it('refuses jobs when it is full of results, which stay', async () => {
    const DATA_DIR = mkdtempSync(join(tmpdir(), 'attention-storage-'))
    const service = await RunningService.start({ ENGINE: 'direct', DATA_DIR, JOB_STORAGE: '3' })
    try {
      const body = (first: number) => ({ seeds: { first, count: 300 }, return: ['report', 'rows'] })
      const kept = []
      let status = 202
      for (let first = 0; status === 202 && first < 20; first++) {
        const answer = await service.post('/experiments/bias', body(first), background)
        status = answer.status
        if (status !== 202) expect(answer.json()).toMatchObject({ code: 'storage-failed' })
        else kept.push(answer.headers.location as string)
        if (status === 202) await waitFor(service, kept.at(-1)!, hasEnded)
      }
      expect(status).toBe(503)
      expect(kept.length).toBeGreaterThan(1)
      for (const location of kept) expect((await service.get(`${location}/result`)).status).toBe(200)
    } finally {
      await service.stop()
      rmSync(DATA_DIR, { recursive: true, force: true })
    }
  }, 180_000)
})
