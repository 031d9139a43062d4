import { ServiceError } from '../errors.ts'
import type { ExperimentKind } from '../experiments/kinds.ts'
import type { ErrorCode, ErrorExtra, ErrorPlace } from '../errors.ts'

export type JobKind = ExperimentKind
export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type JobState = (typeof jobStates)[number]

/** Why a job or a chunk failed: what a problem document is made of. */
export interface JobProblem {
  readonly code: ErrorCode
  readonly detail: string
  readonly places?: readonly ErrorPlace[]
  readonly extra?: ErrorExtra
}

/** A job as the table has it; times are dates, `number` counts jobs in the order of their creation. */
export interface JobRow {
  readonly id: string
  readonly number: number
  readonly kind: JobKind
  readonly state: JobState
  /** What it counts, e.g. seed. */
  readonly unit: string
  readonly units: number
  readonly done: number
  /** Number of its last event. */
  readonly event: number
  readonly problem: string | null
  readonly created_at: Date
  readonly started_at: Date | null
  readonly finished_at: Date | null
  /** When its result goes; null until it has ended. */
  readonly expires_at: Date | null
  /** Its result is gone. */
  readonly expired: boolean
}

/** A job as it goes over the wire. */
export interface JobDocument {
  readonly id: string
  readonly kind: JobKind
  readonly state: JobState
  /** In units: of a job that averages over seeds `unit` is seed. */
  readonly progress: { readonly done: number; readonly total: number; readonly unit: string }
  readonly created_at: string
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly expires_at: string | null
  /** Of a failed job. */
  readonly problem?: { readonly code: ErrorCode; readonly detail: string }
  readonly links: { readonly self: string; readonly result: string; readonly events: string }
}

export function hasEnded(state: JobState): boolean {
  return state !== 'queued' && state !== 'running'
}

export function documentOf(job: JobRow): JobDocument {
  const self = `/jobs/${job.id}`
  const problem = job.problem === null ? null : (JSON.parse(job.problem) as JobProblem)
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    progress: { done: job.done, total: job.units, unit: job.unit },
    created_at: job.created_at.toISOString(),
    started_at: job.started_at?.toISOString() ?? null,
    finished_at: job.finished_at?.toISOString() ?? null,
    expires_at: job.expires_at?.toISOString() ?? null,
    ...(problem === null ? {} : { problem: { code: problem.code, detail: problem.detail } }),
    links: { self, result: `${self}/result`, events: `${self}/events` },
  }
}

/** The name of the event that a job's state makes. */
export function eventName(state: JobState): string {
  return hasEnded(state) ? state : 'progress'
}

/** Also for a job of somebody else: that there is one is theirs to know. */
export function unknownJob(): ServiceError {
  return new ServiceError('not-found', 'There is no such job.')
}
