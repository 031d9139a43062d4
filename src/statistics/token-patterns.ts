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
  const mean = (keysOf: Repeats['same']): number | null =>
    meanOver(weights, item, head, keysOf, ({ data, offset, first }, keys) =>
      keys.reduce((sum, key) => sum + data[offset + key - first]!, 0),
    )
  return { induction: mean(repeats.after), duplicateToken: mean(repeats.same) }
}

/** What equal weights on all keys that a row sees give over the same rows. */
export function uniformTokenPatterns(
  weights: AttentionMaps,
  item: number,
  head: number,
  repeats: Repeats,
): TokenPatterns {
  const mean = (keysOf: Repeats['same']): number | null =>
    meanOver(weights, item, head, keysOf, ({ first, end }, keys) => keys.length / (end - first))
  return { induction: mean(repeats.after), duplicateToken: mean(repeats.same) }
}

/** The mean of a value over the rows that see any of their keys; null where none does. */
function meanOver(
  weights: AttentionMaps,
  item: number,
  head: number,
  keysOf: Repeats['same'],
  value: (row: ReturnType<AttentionMaps['locate']>, seenKeys: readonly number[]) => number,
): number | null {
  let sum = 0
  let rows = 0
  for (const [query, keys] of keysOf.entries()) {
    if (keys.length === 0) continue
    const row = weights.locate(item, head, query)
    const seen = keys.filter((key) => key >= row.first && key < row.end)
    if (seen.length === 0) continue
    sum += value(row, seen)
    rows++
  }
  return rows === 0 ? null : sum / rows
}
