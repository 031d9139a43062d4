import type { Connection } from './connection.ts'

/**
 * A job, its chunks of units (`seeds` counts them) and its events. These tables are the truth; the queue only carries who does what next.
 * `content` says what was asked and by whom; `attempt` counts the times that it was.
 */
const statements = `
CREATE SCHEMA IF NOT EXISTS attention_jobs;
CREATE TABLE IF NOT EXISTS attention_jobs.jobs (
  id text PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY,
  content text NOT NULL,
  attempt int NOT NULL,
  caller text NOT NULL,
  kind text NOT NULL,
  request text NOT NULL,
  version text NOT NULL,
  state text NOT NULL DEFAULT 'queued',
  seeds int NOT NULL,
  done int NOT NULL DEFAULT 0,
  event int NOT NULL DEFAULT 0,
  bytes double precision NOT NULL,
  problem text,
  result text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  UNIQUE (content, attempt)
);
ALTER TABLE attention_jobs.jobs ADD COLUMN IF NOT EXISTS unit text NOT NULL DEFAULT 'seed';
CREATE INDEX IF NOT EXISTS jobs_of_caller ON attention_jobs.jobs (caller, number DESC);
CREATE INDEX IF NOT EXISTS jobs_unfinished ON attention_jobs.jobs (state) WHERE state IN ('queued', 'running');
CREATE TABLE IF NOT EXISTS attention_jobs.chunks (
  job text NOT NULL REFERENCES attention_jobs.jobs ON DELETE CASCADE,
  number int NOT NULL,
  first int NOT NULL,
  count int NOT NULL,
  failures int NOT NULL DEFAULT 0,
  answer text,
  PRIMARY KEY (job, number)
);
CREATE TABLE IF NOT EXISTS attention_jobs.events (
  job text NOT NULL REFERENCES attention_jobs.jobs ON DELETE CASCADE,
  number int NOT NULL,
  name text NOT NULL,
  data text NOT NULL,
  PRIMARY KEY (job, number)
);
-- Once kept, needed by nothing.
UPDATE attention_jobs.jobs SET request = '' WHERE state IN ('failed', 'cancelled') AND request <> '';
`

/** Replicas that start together must not make them at the same time: any number, the same for all. */
const lockNumber = 7_266_001

export async function makeTables(connection: Connection): Promise<void> {
  await connection.executeSql(`SELECT pg_advisory_xact_lock(${lockNumber})`)
  await connection.executeSql(statements)
  // Fails where tables of another release of the service are others.
  await connection.executeSql(`SELECT id, number, content, attempt, caller, kind, request, version, state, unit, seeds, done,
      event, bytes, problem, result, created_at, started_at, finished_at FROM attention_jobs.jobs LIMIT 0`)
  await connection.executeSql('SELECT job, number, first, count, failures, answer FROM attention_jobs.chunks LIMIT 0')
  await connection.executeSql('SELECT job, number, name, data FROM attention_jobs.events LIMIT 0')
}
