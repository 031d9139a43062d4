import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counted, figure, soaking } from '../support/figure.ts'
import { hostileBodies } from '../support/hostile-bodies.ts'
import { path, tiny } from '../support/requests.ts'
import { forgetPeak, residentBytes, RunningService } from '../support/running-service.ts'

/** Decoded bytes of a body: what the limit allows, or enough to see that cost and length do not part. */
const bodyBytes = soaking ? 127 * 2 ** 20 : 6 * 2 ** 20
/** Of so little, memory and time say nothing about the body. */
const leastBytes = 2 ** 20

interface Cost {
  readonly name: string
  readonly seconds: number
  readonly nsPerByte: number
  readonly bytesPerByte: number
}

describe('what a body costs before it is refused (promise 23)', () => {
  let service: RunningService
  const costs: Cost[] = []
  beforeAll(async () => {
    service = await RunningService.start({ MEMORY_LIMIT: '4096' })
    // What the first refusal of an address needs is made once.
    for (const address of new Set(hostileBodies.map((body) => body.path))) await service.post(address, { wrong: true })
  })
  afterAll(() => service.stop())

  it.each(hostileBodies)('$name', async ({ name, path: address, make, status, place }) => {
    const body = make(bodyBytes)
    const packed = gzipSync(body, { level: 1 })
    const { pid, restarts } = (await service.workers())[0]!
    const before = residentBytes(pid).now
    forgetPeak(pid)
    const answer = await service.post(address, packed, { 'content-encoding': 'gzip' })
    const grown = residentBytes(pid).peak - before
    const [worker] = await service.workers()
    expect({ pid: worker!.pid, restarts: worker!.restarts }, 'the worker lives').toEqual({ pid, restarts })
    expect(status, answer.text.slice(0, 400)).toContain(answer.status)
    if (answer.status >= 400) {
      const { code, errors } = answer.json()
      expect(code).toMatch(/^invalid-|-too-large$/)
      if (place !== undefined) expect(errors[0].path).toMatch(new RegExp(`^${place}(/|$)`))
    }
    expect((await service.post(path, tiny)).status).toBe(200)
    const cost = {
      name,
      seconds: answer.ms / 1000,
      nsPerByte: (answer.ms * 1e6) / body.length,
      bytesPerByte: grown / body.length,
    }
    counted(
      23,
      `${name}: ${answer.status} in ${cost.seconds.toFixed(2)} s, ${cost.nsPerByte.toFixed(1)} ns and ${cost.bytesPerByte.toFixed(1)} bytes for each of ${body.length} bytes`,
    )
    if (body.length > leastBytes) costs.push(cost)
    else expect(grown, 'memory for a short body').toBeLessThan(100 * 2 ** 20)
  })

  it('is little, and grows as its length does', () => {
    const worst = (of: (cost: Cost) => number): Cost => costs.reduce((a, b) => (of(b) > of(a) ? b : a))
    const slowest = worst(({ nsPerByte }) => nsPerByte)
    const largest = worst(({ bytesPerByte }) => bytesPerByte)
    const longest = worst(({ seconds }) => seconds)
    figure(23, `nanoseconds a decoded byte, at most (${slowest.name})`, slowest.nsPerByte, { below: 50 })
    figure(23, `bytes a decoded byte, at most (${largest.name})`, largest.bytesPerByte, { below: 20 })
    figure(23, `seconds, at most (${longest.name})`, longest.seconds, { below: 3 })
  })
})
