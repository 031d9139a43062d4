import { Counter, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { MemoryLedger } from '../../src/admission/memory-ledger.ts'
import { GatewayCounters } from '../../src/gateway/counters.ts'
import type { Dispatcher } from '../../src/gateway/dispatcher.ts'
import { gatewayMetrics } from '../../src/gateway/metrics.ts'
import { RequestMetrics } from '../../src/metrics/registries.ts'

/** What a child that has counted so far says. */
async function counted(count: number): Promise<readonly unknown[]> {
  const registry = new Registry()
  new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(count)
  return registry.getMetricsAsJSON()
}

it('what a child counted before it ended is added once, though two ask at the same time', async () => {
  let silence: (metrics: null) => void = () => {}
  const child = { pid: 1, metrics: (): Promise<readonly unknown[] | null> => counted(10) }
  const read = gatewayMetrics(new RequestMetrics(), {
    workers: [],
    jobs: child,
    bodies: new MemoryLedger(1),
    dispatcher: { counters: new GatewayCounters(), waiting: 0 } as Dispatcher,
  })
  const things = async (): Promise<number> => Number(/^things_total (\d+)$/m.exec(await read())![1])
  expect(await things()).toBe(10)

  child.metrics = () =>
    new Promise((resolve) => {
      silence = resolve
    })
  const first = things() // asks the first child, which dies
  await new Promise(setImmediate)
  child.pid = 2
  child.metrics = () => counted(5)
  const second = things()
  await new Promise(setImmediate)
  silence(null)
  expect([await first, await second, await things(), await things()]).toEqual([10, 15, 15, 15])
})
