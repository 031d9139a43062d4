import type { Db, PgBoss } from 'pg-boss'

/** What statements run on: the database itself, or a transaction of it. */
export type Connection = Db

/** The one database behind the jobs: PostgreSQL, embedded in this process or shared with other replicas. */
export interface Database {
  /** The queue, not started yet; a shared database can be used once it is. */
  readonly boss: PgBoss
  /** Nobody else can have taken anything: what looks taken was left by a process that is gone. */
  readonly exclusive: boolean
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Commits when `work` resolves, rolls back when it throws. */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Gives the room of what was deleted back, where no process of the database does so by itself. */
  tidy(): Promise<void>
  close(): Promise<void>
}

/** Rows that a statement gives on a connection. */
export async function rowsOf<Row>(
  connection: Connection,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return (await connection.executeSql(text, [...values])).rows as Row[]
}
