/**
 * Work units, what the rate limit counts: one for being a request, and one for every hundred million operations, about
 * a tenth of a second of one core.
 */
export const workUnits = (operations: number): number => 1 + operations / 1e8
