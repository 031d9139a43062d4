/**
 * For `describe.skipIf` and `it.skipIf`: says aloud why something is skipped. Under CI=true what CI installs must be
 * there, so that a missing piece fails instead.
 */
export function absent(missing: boolean, what: string): boolean {
  if (!missing) return false
  if (process.env.CI === 'true') throw new Error(`${what} is missing, but CI=true installs it`)
  console.warn(`skipped: ${what} is not here`)
  return true
}
