import { ServiceError } from '../errors.ts'
import { rowsOf } from './connection.ts'
import type { Connection, Database } from './connection.ts'
import { documentOf, eventName, unknownJob } from './job.ts'
import type { JobKind, JobProblem, JobRow, JobState } from './job.ts'
import type { StoreNumbers } from './numbers.ts'
import type { Task, TaskQueue, TakenTask } from './queue.ts'
import { day, JobStorage } from './storage.ts'
import type { StorageLimits } from './storage.ts'

/** What is stored of a new job. */
export interface NewJob {
  /** Says what is asked and by whom: the same content is the same job. */
  readonly content: string
  readonly idOf: (attempt: number) => string
  readonly caller: string
  readonly kind: JobKind
  readonly request: string
  /** What it counts, e.g. seed, how many, and how many a chunk has. */
  readonly unit: string
  readonly units: number
  readonly unitsPerChunk: number
  /** What will be kept of it at most, about. */
  readonly bytes: number
}

export interface StoreLimits extends StorageLimits {
  /** Unfinished jobs of one caller. */
  readonly jobsPerCaller: number
}

/** A chunk to compute. */
export interface ChunkWork {
  readonly kind: JobKind
  readonly request: string
  readonly from: number
  readonly to: number
}

const mostFailures = 3
/** A lock of the database: any number, the same for all replicas. */
const oneAtATime = 7_266_002

/** Whether version `a` came after version `b`, both like 1.2.3. */
function isNewer(a: string, b: string): boolean {
  return a.localeCompare(b, 'en', { numeric: true }) > 0
}

/** Jobs in the database. Each method is one transaction; a job's events are numbered while its row is locked. */
export class JobStore {
  readonly #database: Database
  readonly #queue: TaskQueue
  readonly #limits: StoreLimits
  readonly #storage: JobStorage
  readonly #version: string

  /** @param version of the service: rows of another one are not mixed with its own */
  constructor(database: Database, queue: TaskQueue, limits: StoreLimits, version: string) {
    this.#database = database
    this.#queue = queue
    this.#limits = limits
    this.#storage = new JobStorage(database, limits)
    this.#version = version
  }

  /** The job of this content: the one that is there, unless it failed, was cancelled or has expired, else a new one. */
  async submit(job: NewJob): Promise<{ job: JobRow; isNew: boolean }> {
    return this.#database.transaction(async (connection) => {
      await connection.executeSql(`SELECT pg_advisory_xact_lock(${oneAtATime})`) // or two could take the last room
      const [latest] = await rowsOf<JobRow & { attempt: number }>(
        connection,
        `SELECT ${this.#columns}, attempt FROM attention_jobs.jobs WHERE content = $1 ORDER BY attempt DESC LIMIT 1`,
        [job.content],
      )
      if (latest !== undefined && latest.state !== 'failed' && latest.state !== 'cancelled' && !latest.expired)
        return { job: latest, isNew: false }
      await this.#checkLimits(connection, job)
      const attempt = latest === undefined ? 0 : latest.attempt + 1
      const id = job.idOf(attempt)
      await connection.executeSql(
        'INSERT INTO attention_jobs.jobs (id, content, attempt, caller, kind, request, version, unit, seeds, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
        [id, job.content, attempt, job.caller, job.kind, job.request, this.#version, job.unit, job.units, job.bytes],
      )
      await connection.executeSql(
        `INSERT INTO attention_jobs.chunks (job, number, first, count)
         SELECT $1, n, n * $2::int, LEAST($2::int, $3::int - n * $2::int) FROM generate_series(0, ($3::int - 1) / $2::int) n`,
        [id, job.unitsPerChunk, job.units],
      )
      const chunks = Math.ceil(job.units / job.unitsPerChunk)
      await this.#queue.add(
        connection,
        Array.from({ length: chunks }, (_, chunk): Task => ({ job: id, chunk })),
      )
      return { job: (await this.#change(connection, id, 'TRUE', 'done = 0'))!, isNew: true }
    })
  }

  async get(caller: string, id: string): Promise<JobRow> {
    const [job] = await this.#database.query<JobRow>(
      `SELECT ${this.#columns} FROM attention_jobs.jobs WHERE id = $1 AND caller = $2`,
      [id, caller],
    )
    if (job === undefined) throw unknownJob()
    return job
  }

  /** Newest first, those older than job `before`; without the expired ones. */
  async list(caller: string, limit: number, before: string | undefined): Promise<JobRow[]> {
    const older =
      before === undefined ? 'TRUE' : 'number < (SELECT number FROM attention_jobs.jobs WHERE id = $3 AND caller = $1)'
    return this.#database.query<JobRow>(
      `SELECT ${this.#columns} FROM attention_jobs.jobs WHERE caller = $1 AND NOT ${this.#storage.expired} AND ${older} ORDER BY number DESC LIMIT $2`,
      before === undefined ? [caller, limit] : [caller, limit, before],
    )
  }

  /** Null: it has ended already. */
  async cancel(caller: string, id: string): Promise<JobRow | null> {
    await this.get(caller, id)
    return this.#database.transaction(async (connection) => {
      const job = await this.#change(
        connection,
        id,
        "state IN ('queued', 'running')",
        "state = 'cancelled', finished_at = now(), request = ''",
      )
      if (job !== null) await this.#dropWork(connection, id)
      return job
    })
  }

  async eventsAfter(id: string, number: number): Promise<{ number: number; name: string; data: string }[]> {
    return this.#database.query(
      'SELECT number, name, data FROM attention_jobs.events WHERE job = $1 AND number > $2 ORDER BY number',
      [id, number],
    )
  }

  /** Number of the last event and state of these jobs. */
  async changes(ids: readonly string[]): Promise<{ id: string; event: number; state: string }[]> {
    return this.#database.query('SELECT id, event, state FROM attention_jobs.jobs WHERE id = ANY($1)', [ids])
  }

  /** The chunk behind a task; null when there is nothing to do any more. */
  async begin(task: TakenTask): Promise<ChunkWork | null> {
    const { job, chunk } = task
    const [work] = await this.#database.query<ChunkWork & { state: string; version: string }>(
      `
      SELECT j.kind, j.request, j.state, j.version, c.first AS from, c.first + c.count AS to FROM attention_jobs.chunks c JOIN attention_jobs.jobs j ON j.id = c.job
      WHERE c.job = $1 AND c.number = $2 AND c.answer IS NULL AND j.state IN ('queued', 'running')`,
      [job, chunk],
    )
    if (work === undefined || !(await this.#isOurs(task, work.version))) return null
    if (work.state === 'queued')
      await this.#database.transaction((connection) =>
        this.#change(connection, job, "state = 'queued'", "state = 'running', started_at = now()"),
      )
    return { kind: work.kind, request: work.request, from: work.from, to: work.to }
  }

  async drop(task: TakenTask): Promise<void> {
    await this.#database.transaction((connection) => this.#queue.done(connection, task))
  }

  /** Keeps a chunk's answer, unless there is one or the job has ended; after the last one the report is to be made. */
  async keep(task: TakenTask, answer: string): Promise<'kept' | 'last' | 'dropped'> {
    return this.#database.transaction(async (connection) => {
      await this.#queue.done(connection, task)
      const [chunk] = await rowsOf<{ count: number }>(
        connection,
        'UPDATE attention_jobs.chunks SET answer = $3 WHERE job = $1 AND number = $2 AND answer IS NULL RETURNING count',
        [task.job, task.chunk, answer],
      )
      if (chunk === undefined) return 'dropped'
      const job = await this.#change(connection, task.job, "state = 'running'", `done = done + ${Number(chunk.count)}`)
      if (job === null) return 'dropped'
      if (job.done < job.units) return 'kept'
      await this.#queue.add(connection, [{ job: job.id, chunk: 'report' }])
      return 'last'
    })
  }

  /** A chunk or a report failed: again, or the third time the job fails with it. */
  async failed(task: TakenTask, problem: JobProblem): Promise<void> {
    const givenUp = await this.#database.transaction(async (connection) => {
      const number = task.chunk === 'report' ? 0 : task.chunk
      const [chunk] = await rowsOf<{ failures: number }>(
        connection,
        'UPDATE attention_jobs.chunks SET failures = failures + 1 WHERE job = $1 AND number = $2 RETURNING failures',
        [task.job, number],
      )
      if (chunk !== undefined && chunk.failures < mostFailures) return false
      await this.#queue.done(connection, task)
      const job = await this.#change(
        connection,
        task.job,
        "state IN ('queued', 'running')",
        "state = 'failed', finished_at = now(), request = '', problem = $2",
        [JSON.stringify(problem)],
      )
      if (job !== null) await this.#dropWork(connection, task.job)
      return true
    })
    if (!givenUp) await this.#queue.again(task)
  }

  /** The job whose report is to be made; null when that is done. */
  async beginReport(task: TakenTask): Promise<{ kind: JobKind; request: string } | null> {
    const [job] = await this.#database.query<{ kind: JobKind; request: string; version: string }>(
      "SELECT kind, request, version FROM attention_jobs.jobs WHERE id = $1 AND state = 'running' AND done = seeds",
      [task.job],
    )
    return job !== undefined && (await this.#isOurs(task, job.version)) ? job : null
  }

  /** Its chunks' answers in the order of the units. */
  async answers(id: string): Promise<string[]> {
    const rows = await this.#database.query<{ answer: string }>(
      'SELECT answer FROM attention_jobs.chunks WHERE job = $1 ORDER BY number',
      [id],
    )
    return rows.map(({ answer }) => answer)
  }

  /** `result`: the report as JSON, or null where it is too large to be kept beside the rows. */
  async succeeded(task: TakenTask, result: string | null): Promise<void> {
    await this.#database.transaction(async (connection) => {
      await this.#queue.done(connection, task)
      await this.#change(
        connection,
        task.job,
        "state = 'running'",
        "state = 'succeeded', finished_at = now(), result = $2",
        [result],
      )
      await this.#storage.measure(connection, task.job)
    })
  }

  /** The body of its request; empty where it is no longer kept. */
  async request(id: string): Promise<string> {
    const [job] = await this.#database.query<{ request: string }>(
      'SELECT request FROM attention_jobs.jobs WHERE id = $1',
      [id],
    )
    return job?.request ?? ''
  }

  async result(id: string): Promise<string | null> {
    const [job] = await this.#database.query<{ result: string | null }>(
      'SELECT result FROM attention_jobs.jobs WHERE id = $1',
      [id],
    )
    return job?.result ?? null
  }

  async countUnfinished(): Promise<number> {
    const [row] = await this.#database.query<{ count: number | string }>(
      "SELECT count(*) AS count FROM attention_jobs.jobs WHERE state IN ('queued', 'running')",
    )
    return Number(row!.count)
  }

  /** How many jobs there are in each state, and the seeds that are still to be computed. */
  async numbers(): Promise<StoreNumbers> {
    const rows = await this.#database.query<{ state: JobState; count: number | string; left: number | string }>(
      `SELECT state, count(*) AS count, sum(CASE WHEN state IN ('queued', 'running') THEN seeds - done ELSE 0 END) AS left FROM attention_jobs.jobs WHERE NOT ${this.#storage.expired} GROUP BY state`,
    )
    return {
      jobs: Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)])),
      seedsLeft: rows.reduce((sum, { left }) => sum + Number(left), 0),
    }
  }

  /** Removes what has expired, and gives its room back. */
  sweep(): Promise<void> {
    return this.#storage.sweep()
  }

  /** Of a job that ended without a result: its chunks and tasks. */
  async #dropWork(connection: Connection, id: string): Promise<void> {
    await connection.executeSql('DELETE FROM attention_jobs.chunks WHERE job = $1', [id])
    await this.#queue.forget(connection, id)
    await this.#storage.measure(connection, id)
  }

  /**
   * Whether a job is of this version. One of an older version begins anew: rows of two versions make no report. One of
   * a newer version is left to those who have it.
   */
  async #isOurs({ job }: TakenTask, version: string): Promise<boolean> {
    if (version === this.#version) return true
    if (!isNewer(this.#version, version))
      throw new ServiceError('not-ready', `The job is of version ${version} of the service; this is ${this.#version}.`)
    await this.#database.transaction(async (connection) => {
      const changed = await this.#change(
        connection,
        job,
        "version = $2 AND state IN ('queued', 'running')",
        'version = $3, done = 0',
        [version, this.#version],
      )
      if (changed === null) return
      const chunks = await rowsOf<{ number: number }>(
        connection,
        'UPDATE attention_jobs.chunks SET answer = NULL, failures = 0 WHERE job = $1 RETURNING number',
        [job],
      )
      await this.#queue.add(
        connection,
        chunks.map(({ number }): Task => ({ job, chunk: number })),
      )
    })
    return false
  }

  get #columns(): string {
    return `id, number, kind, state, unit, seeds AS units, done, event, problem, created_at, started_at, finished_at,
      finished_at + ${this.#limits.retentionDays} * ${day} AS expires_at, ${this.#storage.expired} AS expired`
  }

  /** Changes a job that is in a state to be changed, and writes the event of it. */
  async #change(
    connection: Connection,
    id: string,
    where: string,
    set: string,
    values: readonly unknown[] = [],
  ): Promise<JobRow | null> {
    const [job] = await rowsOf<JobRow>(
      connection,
      `UPDATE attention_jobs.jobs SET event = event + 1, ${set} WHERE id = $1 AND ${where} RETURNING ${this.#columns}`,
      [id, ...values],
    )
    if (job === undefined) return null
    await connection.executeSql('INSERT INTO attention_jobs.events (job, number, name, data) VALUES ($1, $2, $3, $4)', [
      id,
      job.event,
      eventName(job.state),
      JSON.stringify(documentOf(job)),
    ])
    return job
  }

  /** Throws where a caller has too many unfinished jobs, or there is no room for this one. */
  async #checkLimits(connection: Connection, job: NewJob): Promise<void> {
    const [unfinished] = await rowsOf<{ count: number | string }>(
      connection,
      "SELECT count(*) AS count FROM attention_jobs.jobs WHERE caller = $1 AND state IN ('queued', 'running')",
      [job.caller],
    )
    if (Number(unfinished!.count) >= this.#limits.jobsPerCaller) {
      throw new ServiceError(
        'rate-limited',
        `${this.#limits.jobsPerCaller} jobs of yours have not ended; that is the limit (JOB_LIMIT).`,
        { headers: { 'retry-after': '10' } },
      )
    }
    await this.#storage.check(connection, job.bytes)
  }
}
