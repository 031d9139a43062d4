import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counted, figure } from '../support/figure.ts'
import { huge, path, tiny } from '../support/requests.ts'
import { forgetPeak, residentBytes, RunningService, until } from '../support/running-service.ts'

const mebi = 2 ** 20

/** A valid request as long as asked for: JSON may hold any number of spaces. */
function padded(bytes: number): Buffer {
  const body = Buffer.alloc(bytes, ' ')
  body.write(JSON.stringify(tiny))
  return body
}

describe('the body limit counts decoded bytes (promise 4)', () => {
  const limit = 8 * mebi
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ BODY_LIMIT: '8' })
  })
  afterAll(() => service.stop())

  it('takes a body of exactly the limit and refuses one byte more, plain and compressed', async () => {
    for (const [bytes, status] of [
      [limit, 200],
      [limit + 1, 413],
    ] as const) {
      expect((await service.post(path, padded(bytes))).status, `plain, ${bytes}`).toBe(status)
      const answer = await service.post(path, gzipSync(padded(bytes)), { 'content-encoding': 'gzip' })
      expect(answer.status, `gzip, ${bytes}`).toBe(status)
      if (status === 413) expect(answer.json()).toMatchObject({ code: 'body-too-large', limit_bytes: limit })
    }
    counted(4, 'limit 200, limit + 1 byte 413, plain and gzip')
  })

  it('ends a bomb of 1000:1 early', async () => {
    const bomb = gzipSync(Buffer.alloc(1024 * mebi, ' '), { level: 9 })
    const pids = [service.pid, (await service.workers())[0]!.pid]
    await service.post(path, gzipSync(padded(limit)), { 'content-encoding': 'gzip' })
    const before = pids.map((pid) => residentBytes(pid).now)
    pids.forEach(forgetPeak)
    const answer = await service.post(path, bomb, { 'content-encoding': 'gzip' })
    expect(answer.status).toBe(413)
    const grown = pids.reduce((sum, pid, i) => sum + Math.max(0, residentBytes(pid).peak - before[i]!), 0)
    figure(
      4,
      `peak memory while a bomb of ${Math.round((1024 * mebi) / bomb.length)}:1 is refused, in limits of ${limit / mebi} MiB`,
      grown / limit,
      { below: 2 },
    )
  })
})

describe('memory is reserved before work (promise 17)', () => {
  const budget = 512
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ MEMORY_LIMIT: String(budget) })
  })
  afterAll(() => service.stop())
  const pids = async (): Promise<number[]> => [service.pid, (await service.workers())[0]!.pid]
  const taken = async (): Promise<number> =>
    (await service.metric('attention_inflight_bytes{kind="bodies"}')) +
    (await service.metric('attention_inflight_bytes{kind="work"}'))

  it('20 answers of 100 MB at once stay within the budget, and the ledgers are empty afterwards', async () => {
    await service.post(path, tiny)
    const base = (await pids()).reduce((sum, pid) => sum + residentBytes(pid).now, 0)
    const statuses = await Promise.all(Array.from({ length: 20 }, () => drain(huge)))
    const peak = (await pids()).reduce((sum, pid) => sum + residentBytes(pid).peak, 0)
    counted(
      17,
      `20 answers of 100 MB: ${statuses.filter((status) => status === 200).length} answered, ${statuses.filter((status) => status === 503).length} refused`,
    )
    expect(statuses).toContain(200)
    for (const status of statuses) expect([200, 503]).toContain(status)
    figure(17, 'peak above the idle processes, of the budget', (peak - base) / (budget * mebi), { below: 1.25 })
    expect((peak - base) / (budget * mebi)).toBeLessThan(1.5)
    await until(async () => (await taken()) === 0, 30_000, 'the ledgers are empty')
  }, 240_000)

  it('20 bodies of 100 MB at once', async () => {
    const base = (await pids()).reduce((sum, pid) => sum + residentBytes(pid).now, 0)
    const body = padded(100 * mebi)
    ;(await pids()).forEach(forgetPeak)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        service.post(path, body).then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    )
    const peak = (await pids()).reduce((sum, pid) => sum + residentBytes(pid).peak, 0)
    counted(
      17,
      `20 bodies of 100 MB: ${answers.filter((status) => status === 200).length} answered, ${answers.filter((status) => status === 503).length} refused, ${answers.filter((status) => status === 0).length} closed`,
    )
    expect(answers).toContain(200)
    for (const status of answers) expect([200, 503, 0]).toContain(status)
    figure(17, 'peak above the processes before, of the budget', (peak - base) / (budget * mebi), { below: 1.25 })
    expect((peak - base) / (budget * mebi)).toBeLessThan(1.5)
    await until(async () => (await taken()) === 0, 30_000, 'the ledgers are empty')
  }, 240_000)

  it('says what a request needs and what the limit is when it can never fit', async () => {
    const answer = await service.post(path, { ...huge, input: { randn: [8, 4096, 64] } })
    expect(answer.status).toBe(413)
    const problem = answer.json()
    expect(problem.code).toBe('request-too-large')
    expect(problem.estimated_bytes).toBeGreaterThan(problem.limit_bytes)
  })

  /** Reads an answer to its end without keeping it. */
  async function drain(body: unknown): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${service.port}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    for await (const _chunk of response.body!);
    return response.status
  }
})
