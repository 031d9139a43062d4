import type { PgBoss } from 'pg-boss'
import type { Connection, Database } from './connection.ts'
import { rowsOf } from './connection.ts'
import { queueSchema } from './queue-options.ts'

const name = 'chunks'
/** pg-boss allows no shorter one. A replica that is silent for this long is taken for dead. */
const heartbeatSeconds = 10
const touchEveryMs = 3_000
const longestSeconds = 86_399
const yearSeconds = 365 * 86_400
const longestRetrySeconds = 15
/** What the database's clock may differ by within transactions that run at the same time. */
const clockSlackSeconds = 5

/** What the queue carries: a chunk to compute, or the report to make when all are there. */
export interface Task {
  readonly job: string
  readonly chunk: number | 'report'
}

/** A task in the hands of this process. */
export interface TakenTask extends Task {
  readonly id: string
  readonly retryCount: number
}

/**
 * The chunks that wait, in pg-boss. A task that nobody finished comes back: at once when it was given back, else when
 * its heartbeat stops.
 */
export class TaskQueue {
  readonly #boss: PgBoss

  constructor(boss: PgBoss) {
    this.#boss = boss
  }

  /** Ready to be used. `taskSeconds`: the longest that a task may take. */
  async start(taskSeconds: number): Promise<void> {
    await this.#boss.start()
    const options = {
      retryLimit: 1_000_000, // who gives up is the job, after three failures of a chunk; a dead replica is none
      retryDelay: 1,
      retryBackoff: true,
      retryDelayMax: longestRetrySeconds,
      expireInSeconds: Math.min(longestSeconds, Math.ceil(taskSeconds)),
      heartbeatSeconds,
      retentionSeconds: yearSeconds,
      deleteAfterSeconds: 60,
    }
    await this.#boss.createQueue(name, options)
    await this.#boss.updateQueue(name, options)
  }

  /** Earlier chunks of every job come first, so that a short job is not kept waiting by a long one. */
  async add(connection: Connection, tasks: readonly Task[]): Promise<void> {
    await this.#boss.insert(
      name,
      tasks.map((task) => ({ data: { ...task }, priority: task.chunk === 'report' ? 1 : -task.chunk })),
      { db: connection },
    )
  }

  async take(): Promise<TakenTask | null> {
    const [taken] = await this.#boss.fetch<Task>(name)
    return taken === undefined ? null : { ...taken.data, id: taken.id, retryCount: taken.retryCount }
  }

  /** Says that `task` is being worked on until `stop` is called. `lost` is called when somebody else has it. */
  keep(task: TakenTask, lost: () => void): { stop(): void } {
    const timer = setInterval(() => {
      this.#boss.touch(name, [attemptOf(task)]).then(
        (response) => {
          if ((response as { affected?: number }).affected === 0) lost()
        },
        () => {}, // a database that does not answer says nothing about the task
      )
    }, touchEveryMs)
    return { stop: () => clearInterval(timer) }
  }

  async done(connection: Connection, task: TakenTask): Promise<void> {
    await this.#boss.complete(name, [attemptOf(task)], null, { db: connection })
  }

  /** It is to be tried again, later each time. */
  async again(task: TakenTask): Promise<void> {
    await this.#boss.fail(name, [attemptOf(task)])
  }

  /** The tasks of a job that has ended: nobody needs to take them any more. One that is taken ends by itself. */
  async forget(connection: Connection, job: string): Promise<void> {
    await connection.executeSql(
      `DELETE FROM ${queueSchema}.job WHERE name = $1 AND data->>'job' = $2 AND state < 'active'`,
      [name, job],
    )
  }

  /**
   * Mends times that lie in the future, which only a clock that was put back leaves behind: a task would not be due, or
   * its dead replica not be missed, until the clock had come to them again. The database's clock is the one that counts.
   */
  async mendTimes(database: Database): Promise<void> {
    const after = (seconds: number): string => `${queueSchema}.job_now() + interval '${seconds} seconds'`
    await database.query(
      `UPDATE ${queueSchema}.job SET start_after = least(start_after, ${after(0)}),
         started_on = least(started_on, ${after(0)}), heartbeat_on = least(heartbeat_on, ${after(0)})
       WHERE name = $1 AND state < 'completed' AND (start_after > ${after(longestRetrySeconds + clockSlackSeconds)}
         OR started_on > ${after(clockSlackSeconds)} OR heartbeat_on > ${after(clockSlackSeconds)})`,
      [name],
    )
    await database.query(
      `UPDATE ${queueSchema}.queue SET monitor_claim_on = NULL, monitor_on = NULL, maintain_on = NULL
       WHERE name = $1 AND greatest(monitor_claim_on, monitor_on, maintain_on) > ${after(clockSlackSeconds)}`,
      [name],
    )
  }

  /** Throws everything away that waits or looks taken; for a database that nobody else uses. */
  async clear(database: Database): Promise<void> {
    await this.#boss.deleteAllJobs(name)
    await database.transaction(async (connection) => {
      const missing = await rowsOf<{ job: string; chunk: number }>(
        connection,
        `
        SELECT c.job, c.number AS chunk FROM attention_jobs.chunks c JOIN attention_jobs.jobs j ON j.id = c.job
        WHERE j.state IN ('queued', 'running') AND c.answer IS NULL ORDER BY j.number, c.number`,
      )
      const complete = await rowsOf<{ job: string }>(
        connection,
        "SELECT id AS job FROM attention_jobs.jobs WHERE state IN ('queued', 'running') AND done = seeds",
      )
      const tasks: Task[] = [...missing, ...complete.map(({ job }) => ({ job, chunk: 'report' as const }))]
      if (tasks.length > 0) await this.add(connection, tasks)
    })
  }

  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: true })
  }
}

const attemptOf = ({ id, retryCount }: TakenTask): { id: string; retryCount: number } => ({ id, retryCount })
