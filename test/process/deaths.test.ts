import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counted, figure, soaking } from '../support/figure.ts'
import { huge, path, slow, slower, tiny, tinyBy } from '../support/requests.ts'
import { RunningService, until } from '../support/running-service.ts'

/** Kills the worker as soon as it computes something; another process than `but`. */
async function killWhenBusy(service: RunningService, but = 0): Promise<number> {
  let pid = 0
  await until(
    async () => {
      const worker = (await service.workers()).find(
        (worker) => worker.state === 'ready' && worker.doing !== null && worker.pid !== but,
      )
      pid = worker?.pid ?? 0
      return pid > 0
    },
    20_000,
    'a worker is busy',
  )
  process.kill(pid, 'SIGKILL')
  return pid
}

describe('a worker that is killed', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start()
  })
  afterAll(() => service.stop())

  it('loses no accepted request and makes no number wrong (promise 10)', async () => {
    const kinds = 8
    const right = await Promise.all(
      Array.from({ length: kinds }, async (_, seed) => (await service.post(path, tinyBy(seed))).text),
    )
    let going = true
    const statuses = new Map<number, number>()
    let wrong = 0
    const loads = Array.from({ length: 16 }, async (_, connection) => {
      for (let i = connection; going; i++) {
        const answer = await service.post(path, tinyBy(i % kinds))
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        if (answer.status === 200 && answer.text !== right[i % kinds]) wrong++
      }
    })
    const kills = soaking ? 10 : 4
    const back: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      const { pid } = (await service.workers())[0]!
      process.kill(pid, 'SIGKILL')
      back.push(
        await until(
          async () => (await service.workers()).some((worker) => worker.state === 'ready' && worker.pid !== pid),
          30_000,
          'a worker is back',
        ),
      )
      await sleep(2_000)
    }
    going = false
    await Promise.all(loads)
    counted(10, `${kills} kills under 16 connections: ${JSON.stringify(Object.fromEntries(statuses))}, ${wrong} wrong`)
    expect(wrong).toBe(0)
    for (const status of statuses.keys()) expect([200, 503]).toContain(status)
    expect(statuses.get(503) ?? 0).toBeLessThan(statuses.get(200)! / 100)
    figure(10, 'longest time without the worker', Math.max(...back), { below: 2_000, unit: ' ms' })
    expect(await service.metric('attention_retries_total')).toBeGreaterThan(0)
    expect((await service.get('/health/live')).status).toBe(200)
  })

  it('by a request that ends its second try as well: 500, once (promise 12)', async () => {
    const answer = service.post(path, slower)
    await killWhenBusy(service, await killWhenBusy(service))
    const given = await answer
    expect(given.status).toBe(500)
    expect(given.json().code).toBe('request-crashes-worker')
    // It is not remembered: the same content is tried again like any other.
    const [before] = await service.workers()
    expect((await service.post(path, slow)).status).toBe(200)
    expect((await service.workers())[0]!.restarts).toBe(before!.restarts)
    counted(12, 'two deaths in one request: 500 request-crashes-worker')
  })

  it('while another waits behind the killer: that one is answered', async () => {
    const killer = service.post(path, slower)
    await until(async () => (await service.workers())[0]!.doing !== null, 30_000, 'busy')
    const innocent = service.post(path, tiny)
    await killWhenBusy(service, await killWhenBusy(service))
    expect((await killer).status).toBe(500)
    expect((await innocent).status).toBe(200)
  })

  it('in the middle of a long answer: the connection is destroyed, not ended', async () => {
    const before = await service.metric('attention_forwarded_total{outcome="cut"}')
    const response = await fetch(`http://127.0.0.1:${service.port}${path}`, {
      method: 'POST',
      body: JSON.stringify(huge),
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(200)
    const reader = response.body!.getReader()
    await reader.read()
    process.kill((await service.workers())[0]!.pid, 'SIGKILL')
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow()
    expect(await service.metric('attention_forwarded_total{outcome="cut"}')).toBe(before + 1)
    await until(async () => (await service.post(path, tiny)).status === 200, 30_000, 'it goes on')
  })
})

it('a crash loop ends in 503 of live and ready, and a worker that stays up ends that (promise 13)', async () => {
  const service = await RunningService.start()
  try {
    for (let death = 1; death <= 5; death++) {
      expect((await service.get('/health/live')).status).toBe(200)
      let pid = 0
      await until(
        async () => {
          pid = (await service.workers()).find(({ state }) => state === 'ready')?.pid ?? 0
          return pid > 0
        },
        30_000,
        'a worker is up',
      )
      process.kill(pid, 'SIGKILL')
      await until(async () => (await service.workers())[0]!.pid !== pid, 30_000, 'the death is heard')
    }
    const live = await service.get('/health/live')
    expect(live.status).toBe(503)
    expect(live.json()).toEqual({ status: 'failed' })
    counted(13, '5 deaths without an answer between them: /health/live 503')
    const health = async (): Promise<[live: number, ready: number]> => {
      const [live, ready] = await Promise.all([service.get('/health/live'), service.get('/health/ready')])
      return [live.status, ready.status]
    }
    expect((await service.post(path, tiny)).json().code).toBe('not-ready')
    // No request has been answered since, and none needs to be.
    const seen = new Set<string>()
    await until(
      async () => {
        seen.add((await health()).join())
        return seen.has('200,200')
      },
      60_000,
      'a worker has stayed up',
    )
    expect([...seen]).toEqual(['503,503', '200,200'])
    expect((await service.post(path, tiny)).status).toBe(200)
  } finally {
    await service.stop()
  }
})

it('two workers: the other one tries again', async () => {
  const service = await RunningService.start({ WORKERS: '2' })
  try {
    await until(async () => (await service.workers()).every(({ state }) => state === 'ready'), 30_000, 'both are up')
    const answer = service.post(path, slow)
    const pid = await killWhenBusy(service)
    expect((await answer).status).toBe(200)
    await until(
      async () => (await service.workers()).every((worker) => worker.state === 'ready' && worker.pid !== pid),
      30_000,
      'both are up again',
    )
  } finally {
    await service.stop()
  }
})
