import { ServiceError } from '../errors.ts'

/** Something went wrong in the job store; the log has what. */
export function storageFailed(cause: unknown): ServiceError {
  return new ServiceError(
    'storage-failed',
    'The job store cannot be used at the moment; the log of the service has the reason. Nothing was accepted or lost.',
    { cause, headers: { 'retry-after': '5' } },
  )
}

/** The database does not say anything. A statement that it was given may still come to something. */
export function storageSilent(seconds: number): ServiceError {
  return new ServiceError(
    'storage-failed',
    `The database of the jobs did not answer within ${seconds} seconds (DATABASE_TIMEOUT). An experiment may have been accepted: asked for again it is the same job.`,
    { headers: { 'retry-after': '5' } },
  )
}
