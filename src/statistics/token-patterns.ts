import type { AttentionMaps } from '../tensor/attention-maps.ts'

/** Where a sequence repeats itself, worked out once for all heads. */
export interface Repeats {
  /** By position: the earlier positions of the same token. */
  readonly same: readonly (readonly number[])[]
  /** By position: the positions right after these, those before the position itself. */
  readonly after: readonly (readonly number[])[]
}

/** Mean weights of a head on what repeats; null where nothing does. */
export interface TokenPatterns {
  /** Over rows that have an earlier same token: weight on the tokens that came after it (Olsson et al. 2022). */
  readonly induction: number | null
  /** Over the same rows: weight on the earlier same tokens. */
  readonly duplicateToken: number | null
}

export function repeatsOf(tokens: readonly number[]): Repeats {
  const seen = new Map<number, number[]>()
  const same = tokens.map((token, position) => {
    const earlier = seen.get(token) ?? []
    seen.set(token, [...earlier, position])
    return earlier
  })
  return { same, after: same.map((earlier, i) => earlier.map((j) => j + 1).filter((j) => j < i)) }
}

/** The patterns of a head in an item: means over the rows that have such keys among those that they see. */
export function tokenPatterns(weights: AttentionMaps, item: number, head: number, repeats: Repeats): TokenPatterns {
  const mean = (keysOf: readonly (readonly number[])[]): number | null => {
    let sum = 0
    let rows = 0
    for (const [query, keys] of keysOf.entries()) {
      if (keys.length === 0) continue
      const { data, offset, first, end } = weights.locate(item, head, query)
      let any = false
      for (const key of keys) {
        if (key < first || key >= end) continue
        any = true
        sum += data[offset + key - first]!
      }
      if (any) rows++
    }
    return rows === 0 ? null : sum / rows
  }
  return { induction: mean(repeats.after), duplicateToken: mean(repeats.same) }
}
