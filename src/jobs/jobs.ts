import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { ServiceError } from '../errors.ts'
import { estimateOperations, refuseTooMuchWork } from '../experiments/estimate.ts'
import { planOf } from '../experiments/index.ts'
import type { ExperimentRequest } from '../http/experiments/index.ts'
import { noJobs } from './api.ts'
import type { JobsApi } from './api.ts'
import { estimateChunkBytes, storedBytes, unitsPerChunk } from './chunks.ts'
import { checkEngine } from './computing-side.ts'
import type { ComputingSide } from './computing-side.ts'
import { contentOf, idOf } from './content.ts'
import { eventStream } from './events.ts'
import { documentOf, hasEnded } from './job.ts'
import type { JobDocument, JobKind, JobProblem, JobRow } from './job.ts'
import type { Open, Opening } from './opening.ts'
import { storageFailed, storageSilent } from './storage-failed.ts'

export interface JobLimits {
  readonly maxSeeds: number
  /** Bytes that the work on one chunk may hold. */
  readonly chunkBytes: number
  /** How long a database of another machine may take to answer; null: it is in this process. */
  readonly databaseSeconds: number | null
}

/** Operations of one job: some thirty hours of one core. */
const workLimit = 1e14
/** Every chunk is sent to a worker with it. */
const largestRequest = 8 * 2 ** 20
const pollAgainSeconds = '2'

/** The jobs of this service. The database is opened when it is first needed. */
export class Jobs implements JobsApi {
  readonly #opening: Opening
  readonly #side: ComputingSide
  readonly #limits: JobLimits
  readonly #version: string
  readonly #log: FastifyBaseLogger

  constructor(opening: Opening, side: ComputingSide, limits: JobLimits, version: string, log: FastifyBaseLogger) {
    this.#opening = opening
    this.#side = side
    this.#limits = limits
    this.#version = version
    this.#log = log
  }

  async submit(
    caller: string,
    kind: JobKind,
    body: unknown,
    asked: ExperimentRequest,
  ): Promise<{ job: JobDocument; operations: number }> {
    const plan = planOf(asked.config)
    refuseTooMuchWork(
      plan,
      { maxUnits: this.#limits.maxSeeds, work: workLimit },
      'Ask for fewer seeds or a smaller model.',
    )
    await checkEngine(this.#side, asked.config.engine)
    const unitsAtOnce = unitsPerChunk(plan)
    const atOnce = estimateChunkBytes(plan, unitsAtOnce)
    if (atOnce > this.#limits.chunkBytes) {
      throw new ServiceError(
        'request-too-large',
        `One ${plan.unit.name} needs about ${Math.ceil(atOnce / 2 ** 20)} MiB; the limit of a worker is ${Math.floor(this.#limits.chunkBytes / 2 ** 20)} MiB (a part of MEMORY_LIMIT).`,
        {
          extra: { estimated_bytes: Math.ceil(atOnce), limit_bytes: this.#limits.chunkBytes },
        },
      )
    }
    const request = JSON.stringify(body)
    if (request.length > largestRequest) {
      throw new ServiceError(
        'body-too-large',
        `A job is kept with its request, which may have ${largestRequest} bytes; values take the least as base64, and none as seeds.`,
        { extra: { limit_bytes: largestRequest } },
      )
    }
    const content = contentOf(caller, this.#version, asked)
    return this.#use(async ({ store, runner }) => {
      this.#opening.accepting()
      const { job, isNew } = await store.submit({
        content,
        idOf: (attempt) => idOf(content, attempt),
        caller,
        kind,
        request,
        unit: plan.unit.name,
        units: plan.units,
        unitsPerChunk: unitsAtOnce,
        bytes: storedBytes(plan, asked.returns.has('rows'), unitsAtOnce) + Buffer.byteLength(request),
      })
      this.#opening.accepting()
      runner.wake()
      return { job: documentOf(job), operations: isNew ? estimateOperations(plan) : 0 }
    })
  }

  get(caller: string, id: string): Promise<JobDocument> {
    if (this.#opening.isFresh) return noJobs.get(caller, id)
    return this.#use(async ({ store }) => documentOf(await store.get(caller, id)))
  }

  list(
    caller: string,
    limit: number,
    before: string | undefined,
  ): Promise<{ jobs: JobDocument[]; next: string | null }> {
    if (this.#opening.isFresh) return noJobs.list(caller, limit, before)
    return this.#use(async ({ store }) => {
      const rows = await store.list(caller, limit + 1, before)
      const jobs = rows.slice(0, limit)
      return { jobs: jobs.map(documentOf), next: rows.length > limit ? jobs.at(-1)!.id : null }
    })
  }

  cancel(caller: string, id: string): Promise<JobDocument> {
    if (this.#opening.isFresh) return noJobs.cancel(caller, id)
    return this.#use(async ({ store, watch }) => {
      const job = await store.cancel(caller, id)
      if (job === null) throw new ServiceError('job-ended', 'The job has ended already; there is nothing to cancel.')
      void watch.look()
      await this.#opening.ended(store)
      return documentOf(job)
    })
  }

  events(caller: string, id: string, after: number, signal: AbortSignal): Promise<Readable | null> {
    if (this.#opening.isFresh) return noJobs.events(caller, id, after, signal)
    return this.#use(async ({ store, watch, closing }) => {
      const job = await store.get(caller, id)
      if (job.expired) throw expired(job)
      if (hasEnded(job.state) && after >= job.event) return null
      return eventStream(store, watch, id, after, AbortSignal.any([signal, closing]))
    })
  }

  async result(caller: string, id: string, form: string): Promise<Buffer> {
    if (this.#opening.isFresh) return noJobs.result(caller, id, form)
    const kept = await this.#use(async ({ store, render }) => {
      const job = await store.get(caller, id)
      refuseWithoutResult(job)
      const result = form === 'json' ? await store.result(id) : null
      if (result !== null) return result
      const [request, answers] = [await store.request(id), await store.answers(id)]
      if (answers.length === 0) throw expired(job) // it was swept in this moment
      return { make: () => render(job.kind, request, answers, form) }
    })
    return typeof kept === 'string' ? Buffer.from(kept) : kept.make()
  }

  /**
   * Runs `work` on the open database; what goes wrong there is `storage-failed`, and the service goes on. So is a
   * database that says nothing for too long.
   */
  async #use<T>(work: (open: Open) => Promise<T>): Promise<T> {
    const { databaseSeconds } = this.#limits
    if (databaseSeconds === null) return this.#workOn(work)
    const done = new AbortController()
    const silent = delay(databaseSeconds * 1000, undefined, { signal: done.signal }).then(() => {
      throw storageSilent(databaseSeconds)
    })
    try {
      return await Promise.race([this.#workOn(work), silent])
    } finally {
      silent.catch(() => {})
      done.abort()
    }
  }

  async #workOn<T>(work: (open: Open) => Promise<T>): Promise<T> {
    const open = await this.#opening.open()
    try {
      return await work(open)
    } catch (error) {
      if (error instanceof ServiceError) throw error
      this.#log.error({ err: error }, 'job store')
      void this.#opening.check(open, error)
      throw storageFailed(error)
    }
  }
}

function expired(job: JobRow): ServiceError {
  return new ServiceError(
    'job-expired',
    `The result of the job expired at ${job.expires_at!.toISOString()} (JOB_RETENTION).`,
  )
}

function refuseWithoutResult(job: JobRow): void {
  if (job.expired) throw expired(job)
  if (job.state === 'failed') {
    const { code, detail, places, extra } = JSON.parse(job.problem!) as JobProblem
    throw new ServiceError(code, detail, { places, extra })
  }
  if (job.state === 'cancelled') throw new ServiceError('job-cancelled', 'The job was cancelled, so it has no result.')
  if (job.state !== 'succeeded')
    throw new ServiceError('job-not-finished', `${job.done} of ${job.units} are done.`, {
      headers: { 'retry-after': pollAgainSeconds },
    })
}
