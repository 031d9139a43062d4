import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import { memoryShares } from '../memory-shares.ts'
import { version } from '../version.ts'
import { chunkSeconds } from './chunk-seconds.ts'
import type { ComputingSide } from './computing-side.ts'
import { JobFolder } from './job-folder.ts'
import { Jobs } from './jobs.ts'
import type { ChunkCounts, JobNumbers } from './numbers.ts'
import { Opening } from './opening.ts'
import { RenderThread } from './render.ts'

/** The jobs of a service, and their life. */
export interface JobService {
  readonly jobs: Jobs
  readonly numbers: JobNumbers
  /** Takes up what was left unfinished. */
  start(): Promise<void>
  /** Takes no more chunks and ends the streams of events; results can still be asked for. */
  quiet(): Promise<void>
  close(): Promise<void>
}

const mebi = 2 ** 20
const renderFile = new URL('../processes/render-thread.ts', import.meta.url)

/** The jobs that a configuration asks for; `side` computes their chunks. */
export function createJobs(config: Config, log: FastifyBaseLogger, side: ComputingSide): JobService {
  const thread = new RenderThread(renderFile)
  const counts: ChunkCounts = { kept: 0, failed: 0, 'put-off': 0 }
  const opening = new Opening({
    folder: new JobFolder(config.DATA_DIR),
    databaseUrl: config.DATABASE_URL,
    limits: { retentionDays: config.JOB_RETENTION, jobsPerCaller: config.JOB_LIMIT, bytes: config.JOB_STORAGE * mebi },
    databaseTimeoutMs: config.DATABASE_TIMEOUT * 1000,
    reset: config.JOBS_RESET,
    version,
    lanes: Math.max(1, config.WORKERS) + 1, // one more, so that no worker waits for the database
    chunkSeconds: chunkSeconds(config),
    compute: side.compute,
    render: thread.render,
    log,
    counts,
  })
  return {
    jobs: new Jobs(
      opening,
      side,
      {
        maxSeeds: config.MAX_SEEDS,
        chunkBytes: memoryShares(config).workerBytes,
        databaseSeconds: config.DATABASE_URL === '' ? null : config.DATABASE_TIMEOUT,
      },
      version,
      log,
    ),
    numbers: { chunks: counts, store: () => opening.numbers() },
    start: () => opening.start(),
    quiet: () => opening.quiet(),
    async close() {
      await opening.close()
      await thread.close()
    },
  }
}
