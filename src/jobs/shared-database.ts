import { PgBoss } from 'pg-boss'
import { rowsOf } from './connection.ts'
import type { Database } from './connection.ts'
import { queueOptions } from './queue-options.ts'

const keepAliveMs = 10_000

/**
 * A PostgreSQL that any number of replicas share. A dead one's chunks are missed within seconds.
 *
 * It may stop answering, or its machine may vanish without closing a connection. Every statement therefore ends within
 * `timeoutMs`, and its connection with it; so does the wait for a connection. The server gives up the statements of
 * transactions by itself, so that none of them goes on waiting for a lock when nobody is there any more.
 */
export function openShared(url: string, timeoutMs: number): Database {
  const limits = {
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
  }
  const boss = new PgBoss({
    ...queueOptions,
    ...limits, // all options go on to the pool of connections
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
        await transaction.db.executeSql(`SET LOCAL statement_timeout = ${Math.ceil(timeoutMs)}`)
        const result = await work(transaction.db)
        await transaction.commit()
        return result
      } catch (error) {
        await transaction.rollback()
        throw error
      }
    },
    tidy: async () => {}, // autovacuum and the checkpointer do it
    close: async () => {},
  }
}
