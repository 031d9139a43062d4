import type { AttentionRule } from '../architecture.ts'

/** Queries that are computed together, and the keys that any of them sees: both from, and not including the end. */
export interface Block {
  readonly first: number
  readonly end: number
  readonly firstKey: number
  readonly endKey: number
}

/** Scores of a block: 16 MB, little beside everything else. */
const blockElements = 4_000_000

/** The queries of T positions in blocks, each with as many scores as fit. */
export function blocksOf({ heads, causal, window }: AttentionRule, positions: number): Block[] {
  const rows = Math.max(1, Math.min(positions, Math.floor(blockElements / (heads * positions))))
  return Array.from({ length: Math.ceil(positions / rows) }, (_, block) => {
    const first = block * rows
    const end = Math.min(positions, first + rows)
    return {
      first,
      end,
      firstKey: window === null ? 0 : Math.max(0, first - window + 1),
      endKey: causal ? end : positions,
    }
  })
}

/** 1 where a query of the block sees a key of it: (end - first, endKey - firstKey) */
export function visibleIn({ causal, window }: AttentionRule, { first, end, firstKey, endKey }: Block): Uint8Array {
  const keys = endKey - firstKey
  const visible = new Uint8Array((end - first) * keys)
  for (let query = first; query < end; query++) {
    const from = Math.max(firstKey, window === null ? firstKey : query - window + 1)
    const to = causal ? query + 1 : endKey
    visible.fill(1, (query - first) * keys + from - firstKey, (query - first) * keys + to - firstKey)
  }
  return visible
}
