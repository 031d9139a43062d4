import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counted, figure } from '../support/figure.ts'
import { path, tiny } from '../support/requests.ts'
import { RunningService, until } from '../support/running-service.ts'

/** Minutes of native work. */
const long = {
  model: { d_in: 64, d_out: 64, num_heads: 8 },
  input: { randn: [1, 40_960, 64] },
  return: ['summary'],
}
/** Minutes of plain loops. */
const plain = { ...long, input: { randn: [8, 6_144, 64] } }
const seconds = (count: number): Record<string, string> => ({ 'request-timeout': String(count) })

describe('a request that takes longer than its deadline (promise 22)', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ WORK_LIMIT: '1000000000' })
  })
  afterAll(() => service.stop())

  it.each([
    ['onnxruntime', long],
    ['direct', plain],
    ['reference', plain],
  ])('leaves its turn on %s', async (engine, body) => {
    const { restarts } = (await service.workers())[0]!
    const answer = await service.post(path, { ...body, engine }, seconds(1))
    expect(answer.status).toBe(504)
    expect(answer.json().code).toBe('deadline-exceeded')
    const next = await service.post(path, tiny)
    expect(next.status).toBe(200)
    expect((await service.workers())[0]!.restarts, 'it was interrupted, not killed').toBe(restarts)
    figure(22, `the next answer after a 504 on ${engine}`, next.ms / 1000, { below: 8, unit: ' s' })
  })

  it('leaves its turn in an experiment', async () => {
    const body = { model: { d_in: 512, d_out: 512 }, input: { batch: 4, seq_len: 1024 }, seeds: { count: 2 } }
    const answer = await service.post('/experiments/bias', { ...body, engine: 'direct' }, seconds(1))
    expect(answer.status).toBe(504)
    const next = await service.post('/experiments/bias', { seeds: { count: 2 } })
    expect(next.status).toBe(200)
    figure(22, 'the next experiment after a 504', next.ms / 1000, { below: 8, unit: ' s' })
  })

  it('leaves its turn when its client leaves', async () => {
    const leaving = new AbortController()
    const left = service.post(path, long, {}, leaving.signal).catch(() => 'left')
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'the worker is busy')
    leaving.abort()
    expect(await left).toBe('left')
    const next = await service.post(path, tiny)
    expect(next.status).toBe(200)
    figure(22, 'the next answer after a client left', next.ms / 1000, { below: 8, unit: ' s' })
  })

  it('has its worker killed where that does not give the turn back, and blames nobody else', async () => {
    const experiment = service.post('/experiments/bias', { seeds: { count: 20_000 }, return: ['rows'] })
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'the experiment runs')
    const late = service.post(path, long, seconds(2))
    const { pid, restarts } = (await service.workers())[0]!
    process.kill(pid!, 'SIGSTOP') // as if it were in the middle of something that cannot be interrupted
    expect((await late).status).toBe(504)
    const next = await service.post(path, tiny)
    expect(next.status).toBe(200)
    expect((await service.workers())[0]!.restarts).toBe(restarts + 1)
    figure(22, 'the next answer after a worker had to be killed', next.ms / 1000, { below: 8, unit: ' s' })
    expect((await experiment).status).toBe(200)
    expect(service.logged(({ msg }) => msg === 'child process is killed').at(-1)!.reason).toMatch(/held a turn/)
  })

  it('is refused at once where the limit says so, and not what many ask for', async () => {
    const own = await RunningService.start()
    try {
      const huge = { model: { d_in: 1, d_out: 1 }, input: { randn: [1, 500_000, 1] }, return: ['summary'] }
      for (const address of ['/attention/causal', '/experiments/bias'] as const) {
        const body = address === '/attention/causal' ? huge : { input: { batch: 1, seq_len: 500_000 } }
        const answer = await own.post(address, body)
        const problem = answer.json()
        expect(answer.status, answer.text).toBe(413)
        if (address === '/attention/causal') expect(problem.code).toBe('work-too-large')
        if (problem.code === 'work-too-large') expect(problem.estimated_work).toBeGreaterThan(problem.limit_work)
      }
      const usual = {
        model: { d_in: 768, d_out: 768, num_heads: 12 },
        input: { randn: [1, 8_192, 768] },
        return: ['summary'],
      }
      for (const body of [usual, long])
        expect((await own.post(path, body, seconds(0.2))).status, 'taken, whatever becomes of it').toBe(504)
    } finally {
      await own.stop()
    }
  })
})

describe('what is charged is what was spent (promise 26)', () => {
  /** Ten units are a second of one core. */
  const limit = 15
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ RATE_LIMIT: String(limit), TRUST_PROXY: 'true' })
  })
  afterAll(() => service.stop())
  /** Each test has an address of its own, so that none pays for another. */
  const from = (address: string, headers: Record<string, string> = {}): Record<string, string> => ({
    'x-forwarded-for': address,
    ...headers,
  })
  const charged = async (address: string): Promise<void> => {
    await until(
      async () => (await service.post(path, tiny, from(address))).status === 429,
      20_000,
      'it is charged',
      300,
    )
  }

  it('when the deadline passed: the next request is one too many', async () => {
    const answer = await service.post(path, long, from('10.0.0.1', seconds(2)))
    expect(answer.status).toBe(504)
    const next = await service.post(path, tiny, from('10.0.0.1'))
    expect(next.status).toBe(429)
    expect((await service.post(path, tiny, from('10.0.0.2'))).status).toBe(200)
    counted(26, '504 after two seconds of computing: charged')
  })

  it('when the client left', async () => {
    const leaving = new AbortController()
    const left = service.post(path, long, from('10.0.1.1'), leaving.signal).catch(() => 'left')
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'the worker is busy')
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    leaving.abort()
    expect(await left).toBe('left')
    await charged('10.0.1.1')
    counted(26, 'a client that left after two seconds of computing: charged')
  })

  it('when an experiment ran out of time', async () => {
    const body = { model: { d_in: 256, d_out: 256 }, input: { batch: 4, seq_len: 512 }, seeds: { count: 50 } }
    const answer = await service.post('/experiments/bias', body, from('10.0.2.1', seconds(2.5)))
    expect(answer.status).toBe(504)
    await charged('10.0.2.1')
  })

  it('when the worker had to be killed', async () => {
    const late = service.post(path, long, from('10.0.3.1', seconds(1)))
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'the worker is busy')
    process.kill((await service.workers())[0]!.pid, 'SIGSTOP')
    expect((await late).status).toBe(504)
    await charged('10.0.3.1')
  })

  it('and no more: what waited in vain, was refused or is wrong costs one unit', async () => {
    const busy = service.post(path, long, from('10.0.4.2', seconds(3)))
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'the worker is busy')
    const waited = await service.post(path, long, from('10.0.4.1', seconds(1)))
    expect(waited.status).toBe(504)
    expect((await busy).status).toBe(504)
    const tooLarge = { ...long, input: { randn: [64, 200_000, 64] } }
    expect((await service.post(path, tooLarge, from('10.0.4.1'))).status).toBe(413)
    expect((await service.post(path, { wrong: 1 }, from('10.0.4.1'))).status).toBe(400)
    for (let request = 3; request < limit - 1; request++)
      expect((await service.post(path, tiny, from('10.0.4.1'))).status, `request ${request + 1}`).toBe(200)
    expect((await service.post(path, tiny, from('10.0.4.1'))).status).toBe(429)
  })
})
