import { AggregatorRegistry, Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { cacheCounts } from './caches.ts'

type Values<Names extends string> = Iterable<readonly [labels: Partial<Record<Names, string>>, value: number]>
type Numbers<Names extends string> = () => Values<Names> | Promise<Values<Names>>

/** A gauge whose values are asked for when somebody scrapes. */
export function gauge<Names extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: Names[],
  read: Numbers<Names>,
): void {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    async collect() {
      const values = await read()
      this.reset()
      for (const [labels, value] of values) this.set(labels as Record<Names, string>, value)
    },
  })
}

/** A counter that is kept elsewhere as a plain number and only read here. */
export function counter<Names extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: Names[],
  read: Numbers<Names>,
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    async collect() {
      const values = await read()
      this.reset()
      for (const [labels, value] of values) this.inc(labels as Record<Names, string>, value)
    },
  })
}

const seconds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]

/** What the process that faces clients measures of each request. */
export class RequestMetrics {
  readonly registry = new Registry()
  readonly requests = new Counter({
    name: 'attention_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  })
  readonly duration = new Histogram({
    name: 'attention_http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: seconds,
    registers: [this.registry],
  })
  readonly queue = new Histogram({
    name: 'attention_queue_seconds',
    help: 'How long computed requests waited for their turn.',
    buckets: seconds,
    registers: [this.registry],
  })
  readonly compute = new Histogram({
    name: 'attention_compute_seconds',
    help: 'How long requests were computed.',
    buckets: seconds,
    registers: [this.registry],
  })
  readonly encode = new Histogram({
    name: 'attention_encode_seconds',
    help: 'How long answers took to be written as text, up to their first piece where they are streamed.',
    buckets: seconds,
    registers: [this.registry],
  })
  readonly workUnits = new Counter({
    name: 'attention_work_units_total',
    help: 'Work units computed, as the rate limit counts them.',
    registers: [this.registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
  }
}

/** What a computing process measures. `worker`: its number; `takenBytes`: what its work in flight has reserved. */
export function workRegistry(worker: string, takenBytes: () => number): Registry {
  const registry = new Registry()
  gauge(registry, 'attention_inflight_bytes', 'Bytes reserved by requests in flight.', ['kind'], () => [
    [{ kind: 'work' }, takenBytes()],
  ])
  gauge(
    registry,
    'attention_worker_resident_memory_bytes',
    'Resident memory of a computing process.',
    ['worker'],
    () => [[{ worker }, process.memoryUsage.rss()]],
  )
  counter(registry, 'attention_cache_hits_total', 'What a cache had.', ['cache'], () =>
    [...cacheCounts()].map(([cache, { hits }]) => [{ cache }, hits] as const),
  )
  counter(registry, 'attention_cache_misses_total', 'What a cache had not.', ['cache'], () =>
    [...cacheCounts()].map(([cache, { misses }]) => [{ cache }, misses] as const),
  )
  return registry
}

/** The registries of several processes, as prom-client's JSON, added up into one text. */
export async function addUp(all: readonly (readonly unknown[])[]): Promise<string> {
  return AggregatorRegistry.aggregate(all as object[]).metrics()
}

/** Of several snapshots what stays true when their process has ended: counters and histograms. */
export async function keepCounts(all: readonly (readonly unknown[])[]): Promise<readonly unknown[]> {
  const sum = await AggregatorRegistry.aggregate(all as object[]).getMetricsAsJSON()
  return (sum as { type: unknown }[]).filter(({ type }) => type === 'counter' || type === 'histogram')
}
