import type { MemoryLedger } from '../admission/memory-ledger.ts'
import { addUp, counter, gauge, keepCounts } from '../metrics/registries.ts'
import type { RequestMetrics } from '../metrics/registries.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { WorkerLink } from './worker-link.ts'

/** A process whose metrics are added to the gateway's. */
interface Source {
  readonly pid: number | null
  /** Null when it does not answer. */
  metrics(): Promise<readonly unknown[] | null>
}

/**
 * The text of /metrics: this process's numbers and those of all its children, added up. What a child had counted before
 * it ended is kept, so that counters never go back; one that is too busy to answer is shown as it was last seen.
 */
export function gatewayMetrics(
  { registry }: RequestMetrics,
  {
    workers,
    jobs,
    dispatcher,
    bodies,
  }: { workers: readonly WorkerLink[]; jobs: Source; dispatcher: Dispatcher; bodies: MemoryLedger },
): () => Promise<string> {
  const { counters } = dispatcher
  gauge(registry, 'attention_queue_length', 'Requests that wait for a worker.', [], () => [[{}, dispatcher.waiting]])
  gauge(registry, 'attention_inflight_bytes', 'Bytes reserved by requests in flight.', ['kind'], () => [
    [{ kind: 'bodies' }, bodies.takenBytes],
  ])
  gauge(registry, 'attention_workers', 'Workers by state.', ['state'], () => {
    const states = new Map([
      ['ready', 0],
      ['starting', 0],
      ['failed', 0],
      ['stopping', 0],
    ])
    for (const { state } of workers) states.set(state.state, states.get(state.state)! + 1)
    return [...states].map(([state, count]) => [{ state }, count] as const)
  })
  counter(registry, 'attention_worker_restarts_total', 'Times that a worker was started again.', ['worker'], () =>
    workers.map(({ state }) => [{ worker: String(state.id) }, state.restarts] as const),
  )
  counter(registry, 'attention_forwarded_total', 'How requests to workers ended.', ['outcome'], () => [
    [{ outcome: 'answered' }, counters.answered],
    [{ outcome: 'queue-full' }, counters.refused],
    [{ outcome: 'deadline' }, counters.deadlinePassed],
    [{ outcome: 'client-left' }, counters.clientLeft],
    [{ outcome: 'failed' }, counters.failed],
    [{ outcome: 'cut' }, counters.cut],
  ])
  counter(registry, 'attention_retries_total', 'Requests sent again after their worker was lost.', [], () => [
    [{}, counters.retried],
  ])

  let ended: readonly unknown[] = []
  const last = new Map<Source, { pid: number | null; metrics: readonly unknown[] }>()
  const collect = async (): Promise<string> => {
    const heard = await Promise.all(
      [...workers, jobs].map(async (source) => ({ source, pid: source.pid, metrics: await source.metrics() })),
    )
    for (const { source, pid, metrics } of heard) {
      const before = last.get(source)
      if (before !== undefined && before.pid !== pid) {
        ended = await keepCounts([ended, before.metrics])
        last.delete(source)
      }
      if (metrics !== null) last.set(source, { pid, metrics })
    }
    return addUp([await registry.getMetricsAsJSON(), ended, ...[...last.values()].map(({ metrics }) => metrics)])
  }
  // One after the other: a late answer about a child that died must not meet a newer one about the next.
  let turn: Promise<unknown> = Promise.resolve()
  return () => {
    const text = turn.then(collect)
    turn = text.catch(() => {})
    return text
  }
}
