import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from './connection.ts'
import { ServiceError } from '../errors.ts'
import type { JobFolder } from './job-folder.ts'
import { storageFailed } from './jobs.ts'
import type { ChunkCounts, StoreNumbers } from './numbers.ts'
import { TaskQueue } from './queue.ts'
import { Runner } from './runner.ts'
import type { ComputeChunk, Render } from './runner.ts'
import { JobStore } from './store.ts'
import type { StoreLimits } from './store.ts'
import { makeTables } from './tables.ts'
import { JobWatch } from './watch.ts'

/** Everything that works on an open database. */
export interface Open {
  readonly database: Database
  readonly store: JobStore
  readonly queue: TaskQueue
  readonly watch: JobWatch
  readonly runner: Runner
  readonly render: Render
  /** Aborts when it takes no more chunks. */
  readonly closing: AbortSignal
  quiet(): Promise<void>
  close(): Promise<void>
}

export interface OpeningParts {
  readonly folder: JobFolder
  /** Empty: the embedded database. */
  readonly databaseUrl: string
  readonly limits: StoreLimits
  /** Of the service. */
  readonly version: string
  /** Chunks computed at once. */
  readonly lanes: number
  /** The longest that a chunk may take. */
  readonly chunkSeconds: number
  readonly compute: ComputeChunk
  readonly render: Render
  readonly log: FastifyBaseLogger
  /** They go on counting when the database is opened anew. */
  readonly counts: ChunkCounts
}

const againMs = 2_000
const sweepEveryMs = 60_000
/** Less than the gateway waits for this process's metrics. */
const numbersWithinMs = 300

/** Opens the database when it is needed, closes it, and opens it again after it broke. */
export class Opening {
  readonly #parts: OpeningParts
  #open: Promise<Open> | null = null
  #accepted = 0
  #failedAt = -Infinity
  #again: NodeJS.Timeout | undefined
  #closed = false
  /** Being asked for; whoever asks meanwhile gets the same. */
  #numbers: Promise<StoreNumbers | null> | null = null

  constructor(parts: OpeningParts) {
    this.#parts = parts
  }

  /** Opens at once where jobs wait, or where other replicas' jobs may; goes on trying until it can. */
  async start(): Promise<void> {
    const { databaseUrl, folder } = this.#parts
    if (databaseUrl === '' && !folder.hasUnfinished) return
    await this.open().catch(() => {})
  }

  /** No job was ever accepted here: there is nothing to open for a question. */
  get isFresh(): boolean {
    return this.#parts.databaseUrl === '' && this.#open === null && !this.#parts.folder.isMade
  }

  /** Throws storage-failed. */
  open(): Promise<Open> {
    if (this.#open !== null) return this.#open
    if (this.#closed || performance.now() - this.#failedAt < againMs) return Promise.reject(storageFailed(null))
    this.#open = this.#begin().catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'the job store cannot be opened')
      this.#open = null
      this.#failedAt = performance.now()
      this.#tryAgain()
      throw error instanceof ServiceError ? error : storageFailed(error)
    })
    return this.#open
  }

  /** Something went wrong on it: closes it when it answers no more, so that it is opened anew. */
  async check(open: Open): Promise<void> {
    if (!open.database.exclusive || open.closing.aborted) return
    try {
      await open.database.transaction((connection) =>
        connection.executeSql('SELECT 1 FROM attention_jobs.jobs LIMIT 1'),
      )
    } catch {
      if (open.closing.aborted) return
      this.#parts.log.error('the job store is opened anew')
      await open.close() // before it is opened anew: there can be one at a time
      this.#open = null
      this.#failedAt = performance.now()
      this.#tryAgain()
    }
  }

  /** Throws storage-failed where there is no room for a job's rows. */
  checkRoom(bytes: number): void {
    if (this.#parts.databaseUrl === '') this.#parts.folder.checkRoom(bytes)
  }

  /** A job is being accepted: called before, and once it is stored. */
  accepting(): void {
    this.#accepted++
    if (this.#parts.databaseUrl === '') this.#parts.folder.markUnfinished(true)
  }

  /** A job has ended: was it the last? */
  async ended(store: JobStore): Promise<void> {
    if (this.#parts.databaseUrl !== '') return
    const accepted = this.#accepted
    const left = await store.countUnfinished()
    if (left === 0 && accepted === this.#accepted) this.#parts.folder.markUnfinished(false)
  }

  /** Null where nothing is open, which is no reason to open it, or it does not answer soon. */
  numbers(): Promise<StoreNumbers | null> {
    this.#numbers ??= this.#opened()
      .then(async (open) => (open === null ? null : open.store.numbers()))
      .catch(() => null)
      .finally(() => {
        this.#numbers = null
      })
    return Promise.race([this.#numbers, delay(numbersWithinMs, null, { ref: false })])
  }

  async quiet(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#again)
    await (await this.#opened())?.quiet()
  }

  async close(): Promise<void> {
    await this.quiet()
    await (await this.#opened())?.close()
  }

  async #opened(): Promise<Open | null> {
    return this.#open === null ? null : this.#open.catch(() => null)
  }

  #tryAgain(): void {
    if (this.#closed) return
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.start(), againMs + 100)
  }

  async #begin(): Promise<Open> {
    const { folder, databaseUrl, limits, version, lanes, chunkSeconds, compute, render, log, counts } = this.#parts
    const { openEmbedded, openShared } = await import('./database.ts') // loaded with the first job, not before
    const database = databaseUrl === '' ? await openEmbedded(folder) : openShared(databaseUrl)
    const closing = new AbortController()
    try {
      // An error of pg-boss's own maintenance: it goes on by itself. Unheard, it would end the process.
      database.boss.on('error', (error) => log.warn({ err: error }, 'job queue'))
      const queue = new TaskQueue(database.boss)
      await queue.start(chunkSeconds + 60)
      await database.transaction(makeTables)
      if (database.exclusive) {
        folder.markMade()
        await queue.clear(database)
      }
      const store = new JobStore(database, queue, limits, version)
      const watch = new JobWatch((ids) => store.changes(ids))
      const runner = new Runner({
        store,
        queue,
        watch,
        compute,
        render,
        log,
        counts,
        ended: () => this.ended(store),
        broken: () => void this.check(open),
      })
      await store.sweep()
      await this.ended(store)
      const sweeping = setInterval(
        () => void store.sweep().catch((error: unknown) => log.warn({ err: error }, 'job store')),
        sweepEveryMs,
      )
      const open: Open = {
        database,
        store,
        queue,
        watch,
        runner,
        render,
        closing: closing.signal,
        async quiet() {
          closing.abort()
          await runner.stop()
        },
        async close() {
          clearInterval(sweeping)
          await open.quiet()
          watch.stop()
          await queue.stop().catch(() => {})
          await database.close()
        },
      }
      runner.start(lanes)
      return open
    } catch (error) {
      await database.boss.stop({ graceful: false }).catch(() => {})
      await database.close()
      throw error
    }
  }
}
