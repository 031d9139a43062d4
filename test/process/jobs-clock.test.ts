import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { hasEnded, submit, waitFor } from '../support/job-client.ts'
import { RunningService } from '../support/running-service.ts'

const folder = mkdtempSync(join(tmpdir(), 'attention-clock-'))
const file = join(folder, 'shift')
const preload = new URL('../support/shifted-clock.js', import.meta.url).href
const hour = 3_600_000
const long = { seeds: { first: 0, count: 3000 } }

let service: RunningService | undefined
afterEach(() => service?.stop())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const shiftBy = (milliseconds: number): void => writeFileSync(file, String(milliseconds))

describe.each(['1', '0'])('a clock that jumps, WORKERS=%s', (WORKERS) => {
  it('an hour back stalls no running job, no new one and no request', async () => {
    shiftBy(0)
    service = await RunningService.start({
      WORKERS,
      ENGINE: 'direct',
      NODE_OPTIONS: `--import=${preload}`,
      CLOCK_SHIFT: file,
    })
    const running = await submit(service, 'bias', long)
    const before = await waitFor(service, running, ({ progress }) => progress.done > 150)
    shiftBy(-hour)
    const started = performance.now()
    const job = await waitFor(service, running, hasEnded)
    console.log(`the clock an hour back: the job ended ${((performance.now() - started) / 1000).toFixed(1)} s later`)
    expect(job).toMatchObject({ state: 'succeeded', progress: { done: 3000 } })
    expect(Date.parse(job.finished_at as string)).toBeLessThan(Date.parse(before.created_at as string))
    const next = await submit(service, 'bias', { seeds: { first: 1, count: 200 } })
    expect((await waitFor(service, next, hasEnded)).state).toBe('succeeded')
    expect((await service.post('/experiments/bias', {}, { 'request-timeout': '30' })).status).toBe(200)
  }, 180_000)

  it('an hour forth and back again stalls none either', async () => {
    shiftBy(0)
    service = await RunningService.start({
      WORKERS,
      ENGINE: 'direct',
      NODE_OPTIONS: `--import=${preload}`,
      CLOCK_SHIFT: file,
    })
    const running = await submit(service, 'bias', long)
    await waitFor(service, running, ({ progress }) => progress.done > 150)
    shiftBy(hour)
    await waitFor(service, running, ({ progress }) => progress.done > 900)
    shiftBy(0)
    expect((await waitFor(service, running, hasEnded)).state).toBe('succeeded')
  }, 180_000)
})
