import type { Readable } from 'node:stream'
import type { ExperimentRequest } from '../http/experiments/index.ts'
import { unknownJob } from './job.ts'
import type { JobDocument, JobKind } from './job.ts'

/** What the routes of jobs need. `caller` tells whose jobs they are: a key's hash, or empty where there are no keys. */
export interface JobsApi {
  /**
   * Accepts an experiment: once this resolves, the job is kept, whatever happens to any process. `operations`: what it
   * adds to the work to be done, none where the job was there.
   */
  submit(
    caller: string,
    kind: JobKind,
    body: unknown,
    asked: ExperimentRequest,
  ): Promise<{ job: JobDocument; operations: number }>
  get(caller: string, id: string): Promise<JobDocument>
  /** Newest first; `before` is the id of a job, `next` that of the last one here where there are more. */
  list(caller: string, limit: number, before: string | undefined): Promise<{ jobs: JobDocument[]; next: string | null }>
  cancel(caller: string, id: string): Promise<JobDocument>
  /**
   * Server-sent events after number `after`, until the job has ended or `signal` aborts; null when there will be none.
   */
  events(caller: string, id: string, after: number, signal: AbortSignal): Promise<Readable | null>
  /** The answer in one of the experiment's forms. */
  result(caller: string, id: string, form: string): Promise<Buffer>
}

/** No job was ever accepted here. */
export const noJobs: JobsApi = {
  submit: () => Promise.reject(unknownJob()),
  get: () => Promise.reject(unknownJob()),
  list: () => Promise.resolve({ jobs: [], next: null }),
  cancel: () => Promise.reject(unknownJob()),
  events: () => Promise.reject(unknownJob()),
  result: () => Promise.reject(unknownJob()),
}
