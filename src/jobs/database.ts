import { PGlite } from '@electric-sql/pglite'
import { fromPglite, PgBoss } from 'pg-boss'
import type { ConstructorOptions } from 'pg-boss'
import { rowsOf } from './connection.ts'
import type { Connection, Database } from './connection.ts'
import { lockFile } from './lock-file.ts'
import type { JobFolder } from './job-folder.ts'

const queueSchema = 'attention_queue'
/** How long a process that was told to end may still have the embedded database open. */
const lockWithinMs = 10_000

const common = {
  schema: queueSchema,
  schedule: false,
  registerInstance: false,
  monitorVacuum: false,
  openTelemetry: { enabled: false },
  maintenanceIntervalSeconds: 600,
} satisfies ConstructorOptions

/** PostgreSQL compiled to WebAssembly, its files in the job folder, one connection. */
export async function openEmbedded(folder: JobFolder): Promise<Database> {
  folder.prepare()
  const lock = lockFile(folder.lock, lockWithinMs)
  let pglite: PGlite
  try {
    pglite = await PGlite.create(folder.database)
  } catch (error) {
    lock.release()
    throw error
  }
  const plain = fromPglite(pglite)
  const connection: Connection = {
    ...plain,
    executeSql: (text, values) => plain.executeSql(text, values).catch(withoutValues),
  }
  return {
    boss: new PgBoss({
      ...common,
      db: connection,
      backend: 'pglite',
      superviseIntervalSeconds: 10,
      monitorIntervalSeconds: 10,
    }),
    exclusive: true,
    query: (text, values) => rowsOf(connection, text, values),
    transaction: (work) =>
      pglite.transaction((tx) =>
        work({
          async executeSql(text, values) {
            if (values !== undefined && values.length > 0)
              return tx.query(text, values as unknown[]).catch(withoutValues)
            return { rows: (await tx.exec(text).catch(withoutValues)).flatMap(({ rows }) => rows) }
          },
        }),
      ),
    async close() {
      await pglite.close().catch(() => {})
      lock.release()
    },
  }
}

/** A PostgreSQL that any number of replicas share. A dead one's chunks are missed within seconds. */
export function openShared(url: string): Database {
  const boss = new PgBoss({
    ...common,
    connectionString: url,
    application_name: 'attention-service',
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    max: 8,
  })
  return {
    boss,
    exclusive: false,
    query: (text, values) => rowsOf(boss.getDb(), text, values),
    async transaction(work) {
      const transaction = await boss.getDb().beginTransaction!()
      try {
        const result = await work(transaction.db)
        await transaction.commit()
        return result
      } catch (error) {
        await transaction.rollback()
        throw error
      }
    },
    close: async () => {},
  }
}

/** PGlite's errors carry the statement with all its values, which would fill the log with rows. */
function withoutValues(error: unknown): never {
  if (error !== null && typeof error === 'object')
    for (const name of ['params', 'query', 'queryOptions']) delete (error as Record<string, unknown>)[name]
  throw error
}
