/**
 * Work units, what the rate limit counts: one for being a request, and one for every hundred million operations, about
 * a tenth of a second of one core.
 */
export const workUnits = (operations: number): number => 1 + operations / 1e8

/** The work units of a turn that lasted so long and came to nothing: what was spent, whatever it was meant to be. */
export const unitsSpent = (ms: number): number => ms / 100
