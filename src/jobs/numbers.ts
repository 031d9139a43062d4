import type { JobState } from './job.ts'

/**
 * How tries at chunks of seeds ended in this process: rows kept, failed (the third time the job does), put off as
 * nobody's fault.
 */
export const chunkOutcomes = ['kept', 'failed', 'put-off'] as const
export type ChunkCounts = Record<(typeof chunkOutcomes)[number], number>

/** What the store holds, for all replicas that share it: jobs by state, and the seeds that are still to be computed. */
export interface StoreNumbers {
  readonly jobs: Readonly<Partial<Record<JobState, number>>>
  readonly seedsLeft: number
}

/** What there is to say of jobs in numbers. */
export interface JobNumbers {
  readonly chunks: Readonly<ChunkCounts>
  /** Null where the store is not open, or does not answer soon. */
  store(): Promise<StoreNumbers | null>
}
