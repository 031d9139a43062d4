import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { hasEnded, submit, waitFor } from '../support/job-client.ts'
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
