import type { Numbers } from './numbers.ts'

/** Of float32 results at width 768, relative to the larger of 1 and the number. */
const TOLERANCE = 2e-5

/**
 * Throws unless the service and `whose` answer the same numbers under every name that both use, and both have `names`.
 * A configuration's own numbers (`model.`) and what each measures of itself (`checks.`, `engine.`) are left out.
 */
export function assertEqual(ours: Numbers, theirs: Numbers, whose: string, names: readonly string[]): number {
  let worst = 0
  for (const [name, expected] of theirs) {
    if (/^(model|checks|engine)\./.test(name)) continue
    const got = ours.get(name)
    if (got === undefined) continue
    if (name.startsWith('comparison.')) {
      assertAgree(name, Array.from(got), Array.from(expected), whose)
      continue
    }
    if (got.length !== expected.length)
      throw new Error(`${name}: ${got.length} numbers, ${whose} has ${expected.length}`)
    for (let i = 0; i < expected.length; i++) {
      const error = Math.abs(got[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!))
      if (!(error <= TOLERANCE)) throw new Error(`${name}[${i}]: ${got[i]}, ${whose} has ${expected[i]}`)
      if (error > worst) worst = error
    }
  }
  for (const name of names) {
    if (!ours.has(name) || !theirs.has(name))
      throw new Error(`${name} is missing from the answer of ${ours.has(name) ? whose : 'the service'}`)
  }
  return worst
}

/**
 * Estimates from different draws: mean and interval. They agree within twice their intervals' half widths, taken
 * together.
 */
function assertAgree(name: string, ours: readonly number[], theirs: readonly number[], whose: string): void {
  const half = ([, low, high]: readonly number[]): number => (high! - low!) / 2
  const allowed = 2 * Math.hypot(half(ours), half(theirs)) + 1e-7
  if (!(Math.abs(ours[0]! - theirs[0]!) <= allowed)) throw new Error(`${name}: ${ours[0]}, ${whose} has ${theirs[0]}`)
}
