import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from './connection.ts'
import { ServiceError } from '../errors.ts'
import type { JobFolder } from './job-folder.ts'
import { storageFailed } from './storage-failed.ts'
import type { ChunkCounts, StoreNumbers } from './numbers.ts'
import { TaskQueue } from './queue.ts'
import { Runner } from './runner.ts'
import type { ComputeChunk, Render } from './runner.ts'
import { JobStore } from './store.ts'
import type { StoreLimits } from './store.ts'
import { makeTables } from './tables.ts'
import { damageAtOpening, damageOf, unusable, UnusableStore } from './unusable-store.ts'
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
  readonly limits: Omit<StoreLimits, 'checkRoom'>
  /** How long a statement, or the wait for a connection, may take, where the database is another machine's. */
  readonly databaseTimeoutMs: number
  /** An embedded database that cannot be used is kept aside, and an empty one takes its place. */
  readonly reset: boolean
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
const mendTimesEveryMs = 5_000
/** A shared database that does not answer is not waited for when everything else is closed. */
const lastStatementsMs = 5_000
const mebi = 2 ** 20
/** Less than the gateway waits for this process's metrics. */
const numbersWithinMs = 300

/** Opens the database when it is needed, closes it, and opens it again after it broke. */
export class Opening {
  readonly #parts: OpeningParts
  #open: Promise<Open> | null = null
  #accepted = 0
  #failedAt = -Infinity
  /** Why it cannot be opened until somebody has done something about it. */
  #unusable: UnusableStore | null = null
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
    if (this.#unusable !== null) return Promise.reject(unusable(this.#unusable))
    if (this.#closed || performance.now() - this.#failedAt < againMs) return Promise.reject(storageFailed(null))
    this.#open = this.#begin()
      .catch((error: unknown) => {
        const damage = damageAtOpening(error)
        if (damage === null || !this.#parts.reset || this.#parts.databaseUrl !== '') throw damage ?? error
        this.#keepAside(damage)
        return this.#begin()
      })
      .catch((error: unknown) => {
        this.#open = null
        if (error instanceof UnusableStore) {
          this.#giveUp(error)
          throw unusable(error)
        }
        this.#parts.log.error({ err: error }, 'the job store cannot be opened')
        this.#failedAt = performance.now()
        this.#tryAgain()
        throw error instanceof ServiceError ? error : storageFailed(error)
      })
    return this.#open
  }

  #keepAside(damage: UnusableStore): void {
    const keptAs = this.#parts.folder.keepAside()
    this.#parts.log.warn(
      { folder: this.#parts.folder.path, kept_as: keptAs },
      `the job store cannot be used: ${damage.message}; it is kept under another name, and an empty one begun (JOBS_RESET)`,
    )
  }

  #giveUp(damage: UnusableStore): void {
    this.#unusable = damage
    const remedy =
      this.#parts.databaseUrl === ''
        ? 'put a copy back that is whole, or start with JOBS_RESET=true to keep this one under another name and begin an empty one'
        : 'look at the database'
    this.#parts.log.error(
      { folder: this.#parts.databaseUrl === '' ? this.#parts.folder.database : undefined },
      `the job store cannot be used, so there are no jobs: ${damage.message}; ${remedy}`,
    )
  }

  /** `error` came from it: closes it when it answers no more, so that it is opened anew, or when it is damaged. */
  async check(open: Open, error: unknown): Promise<void> {
    if (!open.database.exclusive || open.closing.aborted) return
    const damage = damageOf(error)
    if (damage === null && (await answers(open.database))) return
    if (open.closing.aborted) return
    await open.close() // before it is opened anew: there can be one at a time
    this.#open = null
    if (damage !== null && !this.#parts.reset) return this.#giveUp(damage)
    if (damage !== null) this.#keepAside(damage)
    else this.#parts.log.error('the job store is opened anew')
    this.#failedAt = performance.now()
    this.#tryAgain()
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
    const { version, lanes, chunkSeconds, compute, render, log, counts } = this.#parts
    const limits = { ...this.#parts.limits, checkRoom: this.#checkRoom }
    const database = await this.#database()
    const closing = new AbortController()
    try {
      // An error of pg-boss's own maintenance: it goes on by itself. Unheard, it would end the process.
      database.boss.on('error', (error) => log.warn({ err: error }, 'job queue'))
      const queue = new TaskQueue(database.boss)
      await queue.start(chunkSeconds + 60)
      await database.transaction(makeTables)
      if (database.exclusive) {
        this.#warnOfSmallDisk()
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
        broken: (error) => void this.check(open, error),
      })
      await store.sweep()
      await this.ended(store)
      const sweeping = setInterval(
        () => void store.sweep().catch((error: unknown) => log.warn({ err: error }, 'job store')),
        sweepEveryMs,
      )
      const mending = setInterval(() => void queue.mendTimes(database).catch(() => {}), mendTimesEveryMs)
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
          clearInterval(mending)
          await open.quiet()
          watch.stop()
          await Promise.race([queue.stop().catch(() => {}), delay(lastStatementsMs, undefined, { ref: false })])
          await database.close()
        },
      }
      runner.start(lanes)
      return open
    } catch (error) {
      const stopped = database.boss.stop({ graceful: false }).catch(() => {})
      await Promise.race([stopped, delay(lastStatementsMs, undefined, { ref: false })])
      await database.close()
      throw error
    }
  }

  /** Its code is loaded with the first job, not before. */
  async #database(): Promise<Database> {
    const { databaseUrl, databaseTimeoutMs, folder, limits, log } = this.#parts
    if (databaseUrl !== '') return (await import('./shared-database.ts')).openShared(databaseUrl, databaseTimeoutMs)
    const { openEmbedded } = await import('./embedded-database.ts')
    return openEmbedded(folder, logBytes(limits.bytes), log)
  }

  readonly #checkRoom = (bytes: number): void => {
    if (this.#parts.databaseUrl === '') this.#parts.folder.checkRoom(bytes)
  }

  /** Jobs are refused where the disk is full, whatever JOB_STORAGE allows; the operator should know before. */
  #warnOfSmallDisk(): void {
    const { folder, limits, log } = this.#parts
    const disk = folder.diskBytes
    if (disk >= limits.bytes) return
    const figures = { disk_mib: Math.floor(disk / mebi), job_storage_mib: Math.floor(limits.bytes / mebi) }
    log.warn(figures, 'the disk of DATA_DIR is smaller than JOB_STORAGE: jobs will be refused before that is reached')
  }
}

async function answers(database: Database): Promise<boolean> {
  try {
    await database.transaction((connection) => connection.executeSql('SELECT 1 FROM attention_jobs.jobs LIMIT 1'))
    return true
  } catch {
    return false
  }
}

/** How much an embedded database writes to its log before it is tidied up: a part of what may be kept. */
function logBytes(storageBytes: number): number {
  return Math.min(64 * mebi, Math.max(8 * mebi, storageBytes / 8))
}
