import { PGlite } from '@electric-sql/pglite'
import type { FastifyBaseLogger } from 'fastify'
import { fromPglite, PgBoss } from 'pg-boss'
import { rowsOf } from './connection.ts'
import type { Connection, Database } from './connection.ts'
import { lockFolderWithin } from './folder-lock.ts'
import type { JobFolder } from './job-folder.ts'
import { queueOptions } from './queue-options.ts'
import { reasonOf, UnusableStore } from './unusable-store.ts'
import { Upkeep } from './upkeep.ts'

/** How long a process that was told to end may still have the embedded database open. */
const lockWithinMs = 10_000
/** Of files of the log: small, so that an almost empty database is small. A database keeps what it was made with. */
const logFileMiB = 4
const startParams = [
  ...PGlite.defaultStartParams,
  ...['min_wal_size=32MB', 'wal_recycle=off'].flatMap((setting) => ['-c', setting]),
  // A table that is written anew (VACUUM FULL) does not go through the log as well.
  ...['wal_level=minimal', 'max_wal_senders=0'].flatMap((setting) => ['-c', setting]),
]

/**
 * PostgreSQL compiled to WebAssembly, its files in the job folder, one connection. Throws UnusableStore where the files
 * are damaged or of another release. `logBytes`: how much it writes to its log before it is tidied up.
 */
export async function openEmbedded(folder: JobFolder, logBytes: number, log: FastifyBaseLogger): Promise<Database> {
  const lock = await lockFolderWithin(folder.path, lockWithinMs)
  let pglite: PGlite
  try {
    await folder.provide(async (path) => {
      await (await start(path, log)).close()
    })
    pglite = await start(folder.database, log)
  } catch (error) {
    lock.release()
    throw error
  }
  const close = async (): Promise<void> => {
    await pglite.close().catch(() => {})
    lock.release()
  }
  const plain = fromPglite(pglite)
  const connection: Connection = {
    ...plain,
    executeSql: (text, values) => plain.executeSql(text, values).catch(withoutValues),
  }
  try {
    await refuseMissingFiles(connection)
  } catch (error) {
    await close()
    throw error
  }
  const upkeep = new Upkeep(connection, logBytes, log)
  return {
    boss: new PgBoss({
      ...queueOptions,
      db: connection,
      backend: 'pglite',
      superviseIntervalSeconds: 10,
      monitorIntervalSeconds: 10,
    }),
    exclusive: true,
    query: (text, values) => rowsOf(connection, text, values),
    async transaction(work) {
      const result = await pglite.transaction((tx) =>
        work({
          async executeSql(text, values) {
            if (values !== undefined && values.length > 0)
              return tx.query(text, values as unknown[]).catch(withoutValues)
            return { rows: (await tx.exec(text).catch(withoutValues)).flatMap(({ rows }) => rows) }
          },
        }),
      )
      await upkeep.afterWriting()
      return result
    },
    tidy: () => upkeep.tidy(),
    close,
  }
}

/** What PostgreSQL writes to its standard error goes to the log: it would be lines of another form among ours. */
async function start(path: string, log: FastifyBaseLogger): Promise<PGlite> {
  const said: string[] = []
  let isUp = false
  const onStderr = (line: string): boolean => {
    if (!isUp) said.push(line)
    if (isUp && /FATAL|PANIC/.test(line)) log.error({ line }, 'job store')
    else log.debug({ line }, 'job store')
    return true
  }
  try {
    const pglite = await PGlite.create(path, {
      startParams,
      initDbStartParams: [`--wal-segsize=${logFileMiB}`],
      onStderr,
    })
    isUp = true
    return pglite
  } catch (error) {
    const reason = reasonOf(said)
    if (reason !== null) throw new UnusableStore(reason, { cause: error })
    throw said.length === 0 ? error : new Error(said.join('\n'), { cause: error })
  }
}

/** Tables and indexes whose files are gone: PostgreSQL itself would notice with the first question about them. */
async function refuseMissingFiles(connection: Connection): Promise<void> {
  const missing = await rowsOf<{ name: string; path: string }>(
    connection,
    `SELECT oid::regclass::text AS name, pg_relation_filepath(oid) AS path FROM pg_class
     WHERE relkind IN ('r', 'i', 't', 'S') AND pg_stat_file(pg_relation_filepath(oid), TRUE) IS NULL`,
  )
  if (missing.length === 0) return
  const names = missing.slice(0, 3).map(({ name, path }) => `${path} (${name})`)
  throw new UnusableStore(
    `${missing.length === 1 ? 'a file is' : `${missing.length} files are`} missing: ${names.join(', ')}`,
  )
}

/** PGlite's errors carry the statement with all its values, which would fill the log with rows. */
function withoutValues(error: unknown): never {
  if (error !== null && typeof error === 'object')
    for (const name of ['params', 'query', 'queryOptions']) delete (error as Record<string, unknown>)[name]
  throw error
}
