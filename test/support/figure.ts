import { expect } from 'vitest'

/**
 * `npm run test:soak` judges the figures themselves; elsewhere much more passes, because machines are shared and stand
 * still at times.
 */
export const soaking = process.env['SOAK'] === '1'

/** Prints the figure of a promise (reliability.md) and holds it against its goal. */
export function figure(
  promise: number,
  what: string,
  value: number,
  { below, unit = '' }: { below: number; unit?: string },
): void {
  console.log(`promise ${promise}: ${what}: ${Number(value.toFixed(2))}${unit} (goal below ${below}${unit})`)
  expect(value, what).toBeLessThan(soaking ? below : below * (unit === ' ms' ? 50 : 10))
}

/** Prints a count of a promise; what it must be is asserted where it is counted. */
export function counted(promise: number, what: string): void {
  console.log(`promise ${promise}: ${what}`)
}
