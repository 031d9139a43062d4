/** `normalizedEntropy` as the wire names it: normalized_entropy. Digits are a word: `seedsFor80PercentPower`. */
export function wireName(name: string): string {
  return name.replace(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`)
}

const identifier = /^[a-z][A-Za-z0-9]*$/

/**
 * Plain data with the names of the wire: every key, and the names of statistics that are values. Names that are no
 * identifiers, e.g. the arm `heads-2`, stay as they are.
 */
export function toWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toWire)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      identifier.test(key) ? wireName(key) : key,
      key === 'statistic' ? wireName(part as string) : toWire(part),
    ]),
  )
}
