import type { FastifyBaseLogger } from 'fastify'
import { rowsOf } from './connection.ts'
import type { Connection } from './connection.ts'
import { damageOf } from './unusable-store.ts'

/**
 * What the background processes of a PostgreSQL do, which the embedded one does not have: gives the room of deleted
 * rows back, and drops the log of what is safely in the tables.
 */
export class Upkeep {
  readonly #connection: Connection
  readonly #logBytes: number
  readonly #log: FastifyBaseLogger
  #tidiedAt = 0
  #running: Promise<void> | null = null

  /** @param logBytes how much is written to the log before it is tidied up */
  constructor(connection: Connection, logBytes: number, log: FastifyBaseLogger) {
    this.#connection = connection
    this.#logBytes = logBytes
    this.#log = log
  }

  /**
   * Tidies up once enough has been written since the last time. What was written stands, whatever comes of it, unless
   * the files prove to be damaged.
   */
  async afterWriting(): Promise<void> {
    try {
      if ((await this.#written()) - this.#tidiedAt >= this.#logBytes) await this.tidy()
    } catch (error) {
      if (damageOf(error) !== null) throw error
      this.#log.warn({ err: error }, 'the job store could not be tidied up')
    }
  }

  tidy(): Promise<void> {
    this.#running ??= this.#tidy().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #tidy(): Promise<void> {
    for (const command of ['VACUUM', 'CHECKPOINT']) await this.#connection.executeSql(command)
    this.#tidiedAt = await this.#written()
  }

  /** Bytes that were ever written to the log. */
  async #written(): Promise<number> {
    const [row] = await rowsOf<{ bytes: string }>(
      this.#connection,
      "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes",
    )
    return Number(row!.bytes)
  }
}
