import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counted, figure } from '../support/figure.ts'
import { path, slow, slower, tiny } from '../support/requests.ts'
import { median, RunningService, until } from '../support/running-service.ts'
import type { Answer } from '../support/running-service.ts'

describe('a full queue (promise 6)', () => {
  let service: RunningService
  const queueLimit = 5
  beforeAll(async () => {
    service = await RunningService.start({ QUEUE_LIMIT: String(queueLimit) })
  })
  afterAll(() => service.stop())

  it('takes as many as wait and run, and refuses exactly the others at once', async () => {
    const tooMany = 7
    const answers = await Promise.all(Array.from({ length: queueLimit + 1 + tooMany }, () => service.post(path, slow)))
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused).toHaveLength(tooMany)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(queueLimit + 1)
    for (const answer of refused) {
      expect(answer.json().code).toBe('queue-full')
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    }
    figure(6, `slowest of ${tooMany} refusals`, Math.max(...refused.map(({ ms }) => ms)), { below: 50, unit: ' ms' })
    expect(await service.metric('attention_forwarded_total{outcome="queue-full"}')).toBe(tooMany)
  })

  it('holds for requests that are so quick that a worker is given them ahead', async () => {
    for (let i = 0; i < 30; i++) await service.post(path, tiny)
    const answers = await Promise.all(Array.from({ length: 40 }, () => service.post(path, tiny)))
    for (const { status } of answers) expect([200, 503]).toContain(status)
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(queueLimit + 1)
  })
})

describe('waiting requests', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start()
  })
  afterAll(() => service.stop())
  const computed = (): Promise<number> => service.metric('attention_compute_seconds_count')
  /** Models that workers have drawn because they did not have them. */
  async function modelsMade(): Promise<number> {
    const lines = (await service.get('/metrics')).text.matchAll(
      /^attention_cache_misses_total\{.*cache="models".*\} (\d+)$/gm,
    )
    return [...lines].reduce((sum, [, value]) => sum + Number(value), 0)
  }

  /** Keeps the only worker busy for seconds; resolves when it has begun. */
  async function occupy(): Promise<{ answer: Promise<Answer> }> {
    const answer = service.post(path, slower)
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'the worker is busy')
    return { answer }
  }

  it('are dropped when their deadline passes, and no worker sees them (promise 7)', async () => {
    const before = await computed()
    const { answer: busy } = await occupy()
    const deadlineMs = 600
    const count = 20
    const answers = await Promise.all(
      Array.from({ length: count }, () => service.post(path, tiny, { 'request-timeout': String(deadlineMs / 1000) })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(504))
    for (const answer of answers) expect(answer.json().code).toBe('deadline-exceeded')
    expect(Math.min(...answers.map(({ ms }) => ms))).toBeGreaterThanOrEqual(deadlineMs - 1)
    figure(7, 'median of 504 after the deadline', median(answers.map(({ ms }) => ms)) - deadlineMs, {
      below: 100,
      unit: ' ms',
    })
    expect((await busy).status).toBe(200)
    await service.post(path, tiny) // behind anything that the worker may have been given
    expect((await computed()) - before).toBe(2)
    const { answered, deadline } = {
      answered: await service.metric('attention_forwarded_total{outcome="answered"}'),
      deadline: await service.metric('attention_forwarded_total{outcome="deadline"}'),
    }
    expect(answered + deadline).toBe(before + 2 + count)
    counted(7, `${count} past their deadline, none computed; counters add up`)
  })

  it('are cancelled when their client leaves (promise 8)', async () => {
    const before = await computed()
    const { answer: busy } = await occupy()
    const leaving = new AbortController()
    const count = 100
    const answers = Array.from({ length: count }, () =>
      service.post(path, tiny, {}, leaving.signal).catch(() => 'left'),
    )
    await until(async () => (await service.metric('attention_queue_length')) === count, 30_000, 'all wait')
    leaving.abort()
    const emptyMs = await until(
      async () => (await service.metric('attention_queue_length')) === 0,
      30_000,
      'the queue is empty',
    )
    expect(await Promise.all(answers)).toEqual(Array(count).fill('left'))
    figure(8, 'queue empty after 100 clients left', emptyMs, { below: 1_000, unit: ' ms' })
    expect((await busy).status).toBe(200)
    await service.post(path, tiny)
    expect((await computed()) - before).toBe(2)
    counted(8, `${count} left, 0 computed`)
  })

  it('get the worker back when a client leaves in the middle of a computation', async () => {
    const leaving = new AbortController()
    const left = service.post(path, slower, {}, leaving.signal).catch(() => 'left')
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'the worker is busy')
    leaving.abort()
    await left
    const { pid } = (await service.workers())[0]!
    expect((await service.post(path, tiny)).status).toBe(200)
    expect((await service.workers())[0]!.pid).toBe(pid)
  })

  it('that reach a worker together with the news that their client left are not computed', async () => {
    await service.post(path, tiny)
    const before = await computed()
    const modelsBefore = await modelsMade()
    for (let i = 0; i < 3; i++) {
      const { pid } = (await service.workers())[0]!
      process.kill(pid, 'SIGSTOP')
      const late = await service.post(
        path,
        { ...slower, model: { ...slower.model, seed: 1000 + i } },
        { 'request-timeout': '0.3' },
      )
      process.kill(pid, 'SIGCONT')
      expect(late.status).toBe(504)
      await service.post(path, tiny)
    }
    expect((await computed()) - before).toBe(3)
    expect((await modelsMade()) - modelsBefore).toBe(0) // each late one would have needed a model of its own
    await service.post(path, { ...tiny, model: { ...tiny.model, seed: 2000 } })
    expect((await modelsMade()) - modelsBefore).toBe(1)
  })

  it('with a deadline that is not a number of seconds is refused', async () => {
    const answer = await service.post(path, tiny, { 'request-timeout': 'soon' })
    expect(answer.status).toBe(400)
    expect(answer.json().errors[0].path).toBe('/Request-Timeout')
  })
})
