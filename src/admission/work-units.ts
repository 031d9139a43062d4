import { ServiceError } from '../errors.ts'

/**
 * Work units, what the rate limit counts: one for being a request, and one for every hundred million operations, about
 * a tenth of a second of one core.
 */
export const workUnits = (operations: number): number => 1 + operations / 1e8

/** The work units of a turn that lasted so long and came to nothing: what was spent, whatever it was meant to be. */
export const unitsSpent = (ms: number): number => ms / 100

/** Throws `work-too-large`, the estimate beside the limit, where a request has more work units than allowed. */
export function refuseTooMuchWork(units: number, limit: number): void {
  if (units <= limit) return
  throw new ServiceError(
    'work-too-large',
    `The request is about ${Math.ceil(units).toPrecision(2)} work units; the limit is ${limit} (WORK_LIMIT). Ask for a shorter sequence, fewer heads or a smaller batch.`,
    { extra: { estimated_work: Math.ceil(units), limit_work: limit } },
  )
}
