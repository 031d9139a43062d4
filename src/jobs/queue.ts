import type { PgBoss } from 'pg-boss'
import type { Connection, Database } from './connection.ts'
import { rowsOf } from './connection.ts'

const name = 'chunks'
/** pg-boss allows no shorter one. A replica that is silent for this long is taken for dead. */
const heartbeatSeconds = 10
const touchEveryMs = 3_000
const longestSeconds = 86_399
const yearSeconds = 365 * 86_400

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
      retryDelayMax: 15,
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
