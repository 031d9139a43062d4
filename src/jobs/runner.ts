import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { ServiceError } from '../errors.ts'
import { largestKeptReport } from './chunks.ts'
import { hasEnded } from './job.ts'
import type { JobKind, JobProblem, JobState } from './job.ts'
import type { ChunkCounts } from './numbers.ts'
import type { TakenTask, TaskQueue } from './queue.ts'
import type { ChunkWork, JobStore } from './store.ts'
import type { JobWatch } from './watch.ts'

/**
 * Computes the rows of one chunk of seeds: the answer as JSON text, `{"engine": ..., "rows": [...]}`. Throws
 * ServiceError.
 */
export type ComputeChunk = (chunk: ChunkWork, signal: AbortSignal) => Promise<string>

/** Makes the answer of a whole experiment from its chunks' answers, in one of its forms. */
export type Render = (kind: JobKind, request: string, answers: readonly string[], form: string) => Promise<Buffer>

const lookEveryMs = 500
const afterErrorMs = 2_000
/** Errors that say nothing about the chunk: it waits and is tried again, however often. */
const passing: ReadonlySet<string> = new Set([
  'not-ready',
  'queue-full',
  'memory-full',
  'worker-lost',
  'draining',
  'storage-failed',
  'rate-limited',
])

/** Takes chunks from the queue, has them computed, keeps their rows; so many at once as it has lanes. */
export class Runner {
  readonly #store: JobStore
  readonly #queue: TaskQueue
  readonly #watch: JobWatch
  readonly #compute: ComputeChunk
  readonly #render: Render
  readonly #log: FastifyBaseLogger
  readonly #counts: ChunkCounts
  readonly #ended: () => Promise<void>
  readonly #broken: (error: unknown) => void
  readonly #stopping = new AbortController()
  readonly #lanes: Promise<void>[] = []
  #wake = new AbortController()

  constructor(parts: {
    store: JobStore
    queue: TaskQueue
    watch: JobWatch
    compute: ComputeChunk
    render: Render
    log: FastifyBaseLogger
    counts: ChunkCounts
    ended: () => Promise<void>
    broken: (error: unknown) => void
  }) {
    this.#store = parts.store
    this.#queue = parts.queue
    this.#watch = parts.watch
    this.#compute = parts.compute
    this.#render = parts.render
    this.#log = parts.log
    this.#counts = parts.counts
    this.#ended = parts.ended
    this.#broken = parts.broken
  }

  start(lanes: number): void {
    for (let lane = 0; lane < lanes; lane++) this.#lanes.push(this.#run())
  }

  /** There is something to do: looks at once. */
  wake(): void {
    this.#wake.abort()
    this.#wake = new AbortController()
  }

  /** Gives back what it has in hand, for others to take at once. */
  async stop(): Promise<void> {
    this.#stopping.abort(new ServiceError('draining', 'The service is shutting down.'))
    this.wake()
    await Promise.all(this.#lanes)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      let task: TakenTask | null = null
      try {
        task = await this.#queue.take()
        if (task !== null) await this.#do(task)
      } catch (error) {
        if (signal.aborted) return
        this.#log.error({ err: error, task }, 'job queue')
        this.#broken(error)
        // Else it comes back when its heartbeat is missed
        if (task !== null) await this.#queue.again(task).catch(() => {})
        await pause(afterErrorMs, signal)
        continue
      }
      if (task === null) await pause(lookEveryMs, this.#wake.signal)
    }
  }

  async #do(task: TakenTask): Promise<void> {
    const controller = new AbortController()
    const kept = this.#queue.keep(task, () =>
      controller.abort(new ServiceError('internal', 'The chunk was taken by another replica.')),
    )
    try {
      if (task.chunk === 'report') await this.#report(task)
      else await this.#chunk(task, controller)
      void this.#watch.look()
    } catch (error) {
      if (!(error instanceof ServiceError && passing.has(error.code))) throw error
      await this.#putOff(task)
    } finally {
      kept.stop()
    }
  }

  async #chunk(task: TakenTask, controller: AbortController): Promise<void> {
    const work = await this.#store.begin(task)
    if (work === null) return this.#store.drop(task)
    const unwatch = this.#watch.watch(task.job, ({ state }) => {
      if (hasEnded(state as JobState)) controller.abort(new ServiceError('job-cancelled', 'The job was cancelled.'))
    })
    let answer: string
    try {
      const signal = AbortSignal.any([controller.signal, this.#stopping.signal])
      signal.throwIfAborted()
      answer = await this.#compute(work, signal)
    } catch (error) {
      if (this.#stopping.signal.aborted) return this.#queue.again(task)
      if (controller.signal.aborted) return this.#store.drop(task)
      return this.#failed(task, error)
    } finally {
      unwatch()
    }
    const outcome = await this.#store.keep(task, answer)
    if (outcome !== 'dropped') this.#counts.kept++
    if (outcome === 'last') this.wake()
  }

  async #report(task: TakenTask): Promise<void> {
    const job = await this.#store.beginReport(task)
    if (job === null) return this.#store.drop(task)
    let result: Buffer
    try {
      result = await this.#render(job.kind, job.request, await this.#store.answers(task.job), 'json')
    } catch (error) {
      return this.#failed(task, error)
    }
    await this.#store.succeeded(task, result.length > largestKeptReport ? null : result.toString())
    await this.#ended()
  }

  async #putOff(task: TakenTask): Promise<void> {
    if (task.chunk !== 'report') this.#counts['put-off']++
    await this.#queue.again(task)
  }

  async #failed(task: TakenTask, error: unknown): Promise<void> {
    const problem: JobProblem =
      error instanceof ServiceError
        ? { code: error.code, detail: error.message, places: error.places, extra: error.extra }
        : { code: 'internal', detail: 'Something went wrong in the service; its log has the details.' }
    const { job, chunk, retryCount } = task
    this.#log.warn(
      {
        job,
        chunk,
        retryCount,
        code: problem.code,
        detail: problem.detail,
        ...(error instanceof ServiceError ? {} : { err: error }),
      },
      'a chunk failed',
    )
    if (passing.has(problem.code)) return this.#putOff(task)
    if (chunk !== 'report') this.#counts.failed++
    await this.#store.failed(task, problem)
    await this.#ended()
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {})
}
