import type { AttentionMaps } from '../tensor/attention-maps.ts'

/** The greatest weights of a row, descending, and what the others come to together. */
export interface TopKeys {
  readonly keys: readonly number[]
  readonly weights: readonly number[]
  readonly dropped: number
}

/** Up to `count` keys of a row whose weight is at least `least`. */
export function topKeys(
  maps: AttentionMaps,
  item: number,
  head: number,
  query: number,
  count: number,
  least: number,
): TopKeys {
  const { data, offset, first, end } = maps.locate(item, head, query)
  const chosen: number[] = []
  let dropped = 0
  for (let key = first; key < end; key++) {
    const weight = data[offset + key - first]!
    dropped += weight
    if (weight < least) continue
    if (chosen.length === count && weight <= data[offset + chosen.at(-1)! - first]!) continue
    let at = chosen.length
    while (at > 0 && data[offset + chosen[at - 1]! - first]! < weight) at--
    chosen.splice(at, 0, key)
    if (chosen.length > count) chosen.pop()
  }
  const weights = chosen.map((key) => data[offset + key - first]!)
  for (const weight of weights) dropped -= weight
  return { keys: chosen, weights, dropped: Math.max(0, dropped) }
}

/** By key: the mean weight that it gets from the rows that see it; null where no row does. */
export function receivedWeights(maps: AttentionMaps, item: number, head: number): (number | null)[] {
  const sums = new Float64Array(maps.keys)
  const rows = new Int32Array(maps.keys)
  for (let query = 0; query < maps.queries; query++) {
    const { data, offset, first, end } = maps.locate(item, head, query)
    for (let key = first; key < end; key++) {
      sums[key]! += data[offset + key - first]!
      rows[key]!++
    }
  }
  return Array.from(sums, (sum, key) => (rows[key] === 0 ? null : sum / rows[key]!))
}
