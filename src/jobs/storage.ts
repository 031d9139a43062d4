import { ServiceError } from '../errors.ts'
import { rowsOf } from './connection.ts'
import type { Connection, Database } from './connection.ts'

export interface StorageLimits {
  readonly retentionDays: number
  /** All that is kept of all jobs together. */
  readonly bytes: number
  /** Throws storage-failed where the disk has no room for so many bytes more, which the accepted jobs will need. */
  readonly checkRoom: (bytes: number) => void
}

export const day = "interval '1 day'"
/** For how long an expired job is still known. */
const tombstoneDays = 90
const mebi = 2 ** 20
/** Rows and their places in indexes, beside what is in them. */
const rowBytes = { job: 1_500, chunk: 200, event: 200 }

/** All that is kept of a job `j`, as it stands. */
const keptBytes = `${rowBytes.job} + octet_length(j.request) + coalesce(octet_length(j.result), 0)
  + coalesce(octet_length(j.problem), 0)
  + (SELECT coalesce(sum(octet_length(answer)), 0) + ${rowBytes.chunk} * count(*) FROM attention_jobs.chunks WHERE job = j.id)
  + (SELECT coalesce(sum(octet_length(data)), 0) + ${rowBytes.event} * count(*) FROM attention_jobs.events WHERE job = j.id)`

/** What is kept of jobs: how much it is, how much it may be, and when it goes. */
export class JobStorage {
  readonly #database: Database
  readonly #limits: StorageLimits
  /** SQL: the result of a job is gone. */
  readonly expired: string

  constructor(database: Database, limits: StorageLimits) {
    this.#database = database
    this.#limits = limits
    this.expired = `coalesce(finished_at + ${limits.retentionDays} * ${day} <= now(), FALSE)`
  }

  /** Throws storage-failed where there is no room for a job of which `bytes` will be kept. */
  async check(connection: Connection, bytes: number): Promise<void> {
    await this.#forgetOldest(connection, bytes)
    // What the jobs before are still to write is spoken for.
    const [promised] = await rowsOf<{ bytes: number }>(
      connection,
      "SELECT coalesce(sum(bytes * (seeds - done) / seeds), 0) AS bytes FROM attention_jobs.jobs WHERE state IN ('queued', 'running')",
    )
    this.#limits.checkRoom(Number(promised!.bytes) + bytes)
  }

  /** Where the storage is full, the oldest jobs without a result are forgotten first. */
  async #forgetOldest(connection: Connection, bytes: number): Promise<void> {
    const over = async (): Promise<number> => {
      const [stored] = await rowsOf<{ bytes: number }>(
        connection,
        'SELECT coalesce(sum(bytes), 0) AS bytes FROM attention_jobs.jobs',
      )
      return Number(stored!.bytes) + bytes - this.#limits.bytes
    }
    const excess = await over()
    if (excess <= 0) return
    await connection.executeSql(
      `DELETE FROM attention_jobs.jobs WHERE id IN (SELECT id FROM (
         SELECT id, sum(bytes) OVER (ORDER BY number) - bytes AS before FROM attention_jobs.jobs
         WHERE state IN ('failed', 'cancelled') OR ${this.expired}) AS ended WHERE before < $1)`,
      [excess],
    )
    if ((await over()) <= 0) return
    throw new ServiceError(
      'storage-failed',
      'What is kept of jobs leaves no room for this one (JOB_STORAGE); try again when some have expired.',
      { headers: { 'retry-after': '600' } },
    )
  }

  /** From here on what is kept of a job is what counts, no longer what was expected. */
  async measure(connection: Connection, id: string): Promise<void> {
    await connection.executeSql(`UPDATE attention_jobs.jobs j SET bytes = ${keptBytes} WHERE id = $1`, [id])
  }

  /**
   * Removes what has expired; what is left of a job then is that there was one, and after some time not even that.
   */
  async sweep(): Promise<void> {
    await this.#database.transaction(async (connection) => {
      const expired = await rowsOf<{ id: string }>(
        connection,
        `UPDATE attention_jobs.jobs SET result = NULL, request = '', problem = NULL, bytes = ${rowBytes.job}
         WHERE ${this.expired} AND bytes <> ${rowBytes.job} RETURNING id`,
      )
      const ids = expired.map(({ id }) => id)
      if (ids.length === 0) return
      await connection.executeSql('DELETE FROM attention_jobs.chunks WHERE job = ANY($1)', [ids])
      await connection.executeSql('DELETE FROM attention_jobs.events WHERE job = ANY($1)', [ids])
    })
    await this.#database.query(
      `DELETE FROM attention_jobs.jobs WHERE finished_at < now() - ${this.#limits.retentionDays + tombstoneDays} * ${day}`,
    )
    await this.#database.tidy()
    if (this.#database.exclusive) await this.#shrink()
  }

  /**
   * Writes tables anew that are much larger than what is in them: room that was given back amid kept rows is used again,
   * but leaves the files as long as they were. Only where nobody else waits for these tables, and the disk has the room.
   */
  async #shrink(): Promise<void> {
    const tables = ['jobs', 'chunks', 'events'].map((table) => `attention_jobs.${table}`)
    const sizes = tables.map((table) => `pg_total_relation_size('${table}')`).join(' + ')
    const [row] = await this.#database.query<{ used: number | string; kept: number | string }>(
      `SELECT ${sizes} AS used, coalesce(sum(bytes), 0) AS kept FROM attention_jobs.jobs`,
    )
    if (Number(row!.used) < 2 * Number(row!.kept) + 16 * mebi) return
    try {
      this.#limits.checkRoom(Number(row!.kept))
    } catch {
      return
    }
    for (const table of tables) await this.#database.query(`VACUUM FULL ${table}`)
    await this.#database.tidy()
  }
}
