import { Type } from '@sinclair/typebox'
import type { Config } from '../../config.ts'
import type { Availability } from '../../engines/select.ts'
import { version } from '../../version.ts'
import type { AppPart } from '../app.ts'
import { EngineIdentityBody, EngineNameBody } from '../schemas/engines.ts'

/** A worker as /engines shows it. */
export interface WorkerState {
  readonly id: number
  readonly pid: number | null
  readonly device: string
  readonly state: 'starting' | 'ready' | 'failed' | 'stopping'
  readonly reason?: string
  readonly restarts: number
  /** What it is doing: the id of the request, or null. */
  readonly doing: string | null
  readonly engines: readonly Availability[]
}

/** What /engines knows of the running service. */
export interface EngineState {
  /** The engines of a worker: what can run, what runs, why others cannot. Empty until a worker is up. */
  availability(): readonly Availability[]
  workers(): readonly WorkerState[]
}

const Engine = Type.Object(
  {
    name: EngineNameBody,
    available: Type.Boolean(),
    devices: Type.Optional(Type.Array(Type.String())),
    identity: Type.Optional(EngineIdentityBody),
    reason: Type.Optional(Type.String({ description: 'Why it cannot run here, and what to do.' })),
  },
  { title: 'EngineState' },
)

export const EnginesAnswer = Type.Object(
  {
    service: Type.Object({ version: Type.String() }),
    engine: Type.String({ description: 'What ENGINE asks for.' }),
    device: Type.String({ description: 'What DEVICE asks for.' }),
    limits: Type.Record(Type.String(), Type.Number()),
    engines: Type.Array(Engine),
    workers: Type.Array(
      Type.Object({
        id: Type.Integer(),
        pid: Type.Union([Type.Integer(), Type.Null()]),
        device: Type.String(),
        state: Type.String(),
        reason: Type.Optional(Type.String()),
        restarts: Type.Integer(),
        doing: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
  },
  { title: 'EnginesAnswer' },
)

/** GET /engines: service version, limits in force, what can run here and on which device, each worker. */
export function engineRoutes(config: Config, state: EngineState): AppPart {
  return (app) => {
    app.get(
      '/engines',
      {
        schema: {
          tags: ['service'],
          operationId: 'getEngines',
          summary: 'What can run here, what runs, and why others cannot',
          response: {
            200: {
              description: 'Engines, limits, workers.',
              content: { 'application/json': { schema: EnginesAnswer } },
            },
          },
        },
      },
      async () => ({
        service: { version },
        engine: config.ENGINE,
        device: config.DEVICE,
        limits: {
          body_mib: config.BODY_LIMIT,
          memory_mib: config.MEMORY_LIMIT,
          queue: config.QUEUE_LIMIT,
          request_timeout_seconds: config.REQUEST_TIMEOUT,
          experiment_timeout_seconds: config.EXPERIMENT_TIMEOUT,
          rate_per_minute: config.RATE_LIMIT,
          max_seeds: config.MAX_SEEDS,
          job_retention_days: config.JOB_RETENTION,
          jobs_per_key: config.JOB_LIMIT,
          job_storage_mib: config.JOB_STORAGE,
        },
        engines: state.availability(),
        workers: state.workers().map(({ engines: _engines, ...worker }) => worker),
      }),
    )
  }
}
