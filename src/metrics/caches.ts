/** How often a cache had what was asked for. Plain numbers, so that any folder may count and /metrics may read. */
export interface CacheCount {
  hits: number
  misses: number
}

const counts = new Map<string, CacheCount>()

/** The counts of the cache of this name: a module adds to them as it looks things up. */
export function cacheCount(name: string): CacheCount {
  let count = counts.get(name)
  if (count === undefined) counts.set(name, (count = { hits: 0, misses: 0 }))
  return count
}

/** Every cache that counts, by name. */
export function cacheCounts(): ReadonlyMap<string, Readonly<CacheCount>> {
  return counts
}
