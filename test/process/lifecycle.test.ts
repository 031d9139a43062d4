import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { counted, figure } from '../support/figure.ts'
import { endless, path, slow, slower, tiny } from '../support/requests.ts'
import { isAlive, RunningService, until } from '../support/running-service.ts'

it('SIGTERM answers what was accepted (promise 9)', async () => {
  const service = await RunningService.start()
  const exited = once(service.child, 'exit')
  const count = 20
  const answers = Array.from({ length: count }, () => service.post(path, slow))
  // The metrics may wait for the worker, and some may be answered by then.
  const accepted = async (): Promise<number> =>
    (await service.metric('attention_queue_length')) +
    (await service.metric('attention_forwarded_total{outcome="answered"}'))
  await until(async () => (await accepted()) >= count - 1, 30_000, 'all are accepted', 1)
  service.child.kill('SIGTERM')
  const drainingMs = await until(
    async () => (await service.get('/health/ready')).status === 503,
    30_000,
    '/health/ready is 503',
    1,
  )
  figure(9, '/health/ready 503 after SIGTERM', drainingMs, { below: 100, unit: ' ms' })
  expect((await service.get('/health/ready')).json().status).toBe('draining')
  const refused = await service.post(path, tiny)
  expect([refused.status, refused.json().code]).toEqual([503, 'draining'])
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(count).fill(200))
  expect(await exited).toEqual([0, null])
  counted(9, `${count} in flight, ${count} answered, exit 0`)
  await service.stop()
})

it('SIGTERM answers everybody in a lone process, too (promise 9, WORKERS=0)', async () => {
  const service = await RunningService.start({ WORKERS: '0' })
  const exited = once(service.child, 'exit')
  const answers = Array.from({ length: 20 }, () => service.post(path, slow))
  await Promise.any(answers)
  service.child.kill('SIGTERM')
  const all = await Promise.all(answers)
  // A process that computes reads its sockets between two computations: who it had not read yet is told that it drains.
  for (const { status, text } of all) expect(status === 200 || JSON.parse(text).code === 'draining').toBe(true)
  expect(all.filter(({ status }) => status === 200).length).toBeGreaterThan(1)
  expect(await exited).toEqual([0, null])
  await service.stop()
})

it.each([
  ['SIGTERM', 'npm alone'],
  ['SIGINT', 'npm alone'],
  ['SIGINT', 'the whole group, as Ctrl-C does'],
] as const)('%s to %s ends what `npm start` has started, after what was accepted is answered', async (signal, whom) => {
  const service = await RunningService.start({}, { byNpm: true })
  const exited = once(service.child, 'exit')
  const { pid: worker } = (await service.workers())[0]!
  const answers = Array.from({ length: 4 }, () => service.post(path, slow))
  await until(
    async () =>
      (await service.metric('attention_queue_length')) +
        (await service.metric('attention_forwarded_total{outcome="answered"}')) >=
      3,
    30_000,
    'all are accepted',
    1,
  )
  process.kill(whom === 'npm alone' ? service.pid : -service.pid, signal)
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  await exited
  await until(async () => !isAlive(worker), 10_000, 'the worker has ended')
  await expect(service.get('/health/live')).rejects.toThrow()
})

it('the second signal ends it now', async () => {
  const service = await RunningService.start()
  const [worker] = await service.workers()
  const answer = service.post(path, slower).catch(() => 'cut')
  await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'busy')
  const exited = once(service.child, 'exit')
  service.child.kill('SIGTERM')
  await until(async () => (await service.get('/health/ready')).status === 503, 30_000, 'draining')
  service.child.kill('SIGTERM')
  expect(await exited).toEqual([1, null])
  expect(await answer).toBe('cut')
  await until(() => !isAlive(worker!.pid), 30_000, 'the worker has ended')
  await service.stop()
})

it('leaves no orphan when the gateway is killed, not even one that computes (promise 11)', async () => {
  const service = await RunningService.start({ WORKERS: '2' })
  await until(async () => (await service.workers()).every(({ state }) => state === 'ready'), 30_000, 'both are up')
  const pids = (await service.workers()).map(({ pid }) => pid)
  const answer = service.post(path, endless).catch(() => 'cut')
  await until(async () => (await service.workers()).some(({ doing }) => doing !== null), 30_000, 'busy')
  service.child.kill('SIGKILL')
  const goneMs = await until(() => pids.every((pid) => !isAlive(pid)), 50_000, 'no child is alive')
  figure(11, 'last child gone after the gateway was killed', goneMs / 1000, { below: 5, unit: ' s' })
  await answer
  await service.stop()
})

it('signals for the whole process group leave the workers to the gateway', async () => {
  const service = await RunningService.start()
  const [worker] = await service.workers()
  process.kill(worker!.pid, 'SIGTERM')
  process.kill(worker!.pid, 'SIGINT')
  await sleep(200)
  expect((await service.post(path, tiny)).status).toBe(200)
  expect((await service.workers())[0]!.pid).toBe(worker!.pid)
  expect(await service.stop()).toBe(0)
})

it('a device that is demanded but absent: not ready, with the reason, and the gateway stays up', async () => {
  const service = await RunningService.start({ DEVICE: 'gpu', ENGINE: 'direct' }, { untilReady: false })
  try {
    await until(async () => (await service.workers())[0]!.state === 'failed', 30_000, 'the worker has said so')
    const ready = await service.get('/health/ready')
    expect(ready.status).toBe(503)
    expect(ready.json()).toMatchObject({ status: 'failed', reason: expect.stringContaining('CPU') })
    expect((await service.get('/health/live')).status).toBe(200)
    const [worker] = await service.workers()
    expect(worker).toMatchObject({ restarts: 0, reason: expect.stringContaining('CPU') })
    const refused = await service.post(path, tiny)
    expect([refused.status, refused.json().code]).toEqual([503, 'not-ready'])
    expect(refused.headers['retry-after']).toBeDefined()
  } finally {
    await service.stop()
  }
})

it('a port that is taken stops the start with one line, and leaves no folder behind', async () => {
  const first = await RunningService.start()
  const TMPDIR = mkdtempSync(join(tmpdir(), 'attention-test-'))
  try {
    for (const WORKERS of ['1', '0']) {
      await expect(RunningService.start({ WORKERS, TMPDIR, PORT: String(first.port) })).rejects.toThrow(
        /^the service did not start: attention-service: PORT \d+ of HOST 127\.0\.0\.1 cannot be had: something else listens there already\n$/,
      )
    }
    expect(readdirSync(TMPDIR).filter((name) => name.startsWith('attention-'))).toEqual([])
  } finally {
    await first.stop()
    rmSync(TMPDIR, { recursive: true, force: true })
  }
})

it('a wrong setting stops the start with one line', async () => {
  await expect(RunningService.start({ QUEUE_LIMIT: 'many' })).rejects.toThrow(
    /^the service did not start: attention-service: QUEUE_LIMIT=many: must be a whole number[^\n]*\n$/,
  )
})

it('starts with a TMPDIR that is too long for a socket, and answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attention-test-'))
  const TMPDIR = join(folder, 'a-long-name-of-a-folder-'.repeat(5), 'and-one-more')
  mkdirSync(TMPDIR, { recursive: true })
  const service = await RunningService.start({ TMPDIR })
  expect((await service.post(path, tiny)).status).toBe(200)
  await service.stop()
  expect(readdirSync(TMPDIR).filter((name) => name.startsWith('attention-'))).toEqual([])
  rmSync(folder, { recursive: true })
})
