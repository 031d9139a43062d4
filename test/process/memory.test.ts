import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { counted, figure, soaking } from '../support/figure.ts'
import { path, tinyBy } from '../support/requests.ts'
import { RunningService } from '../support/running-service.ts'
import { watchMemory } from '../soak/memory.ts'

const mebi = 2 ** 20
const allowed = 64
/**
 * As many of the models below as the cache of models holds, 449 KiB each in 64 MiB: until then memory grows as it is
 * meant to.
 */
const fillsTheCache = 150

/** About 4 MB of answer, on the engine for large problems. */
const large = (seed: number): object => ({
  model: { d_in: 64, d_out: 256, num_heads: 4, seed },
  input: { randn: [1, 512, 64] },
  return: ['weights', 'summary'],
})

it('memory is flat (promise 14)', async () => {
  const service = await RunningService.start({ RATE_LIMIT: '1000000000' }) // the limiter's memory counts too
  try {
    const [tinyCount, largeCount] = soaking ? [20_000, 200] : [3_000, 30]
    const samples = 30
    const pids = { gateway: service.pid, worker: (await service.workers())[0]!.pid }
    let seed = 0
    for (; seed < fillsTheCache; seed++) expect((await service.post(path, large(seed))).status).toBe(200)
    const batch = async (): Promise<void> => {
      let left = tinyCount / samples
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          while (left-- > 0) expect((await service.post(path, tinyBy(seed++))).status).toBe(200)
        }),
      )
      for (let i = 0; i < largeCount / samples; i++) expect((await service.post(path, large(seed++))).status).toBe(200)
    }
    const growth = await watchMemory([pids.gateway, pids.worker], samples, batch)
    figure(
      14,
      `gateway grew after warm-up, ${tinyCount} tiny and ${largeCount} large requests`,
      growth[0]!.grown / mebi,
      { below: allowed, unit: ' MiB' },
    )
    figure(14, 'worker grew after warm-up', growth[1]!.grown / mebi, { below: allowed, unit: ' MiB' })
    if (soaking)
      for (const { slope } of growth)
        figure(14, 'slope', (slope * samples) / mebi, { below: allowed, unit: ' MiB a run' })
    expect((await service.workers())[0]!.restarts).toBe(0)
  } finally {
    await service.stop()
  }
}, 600_000)

it('a control that leaks is caught (promise 14)', async () => {
  const leaking = fork(fileURLToPath(new URL('../soak/leaking.js', import.meta.url)))
  try {
    await once(leaking, 'message')
    const [growth] = await watchMemory([leaking.pid!], 30, async () => {
      leaking.send('work')
      await once(leaking, 'message')
    })
    const { grown } = growth!
    expect(grown).toBeGreaterThan(allowed * mebi)
    counted(14, `a control that leaks 4 MiB a batch shows ${Math.round(grown / mebi)} MiB`)
  } finally {
    leaking.kill('SIGKILL')
  }
})
