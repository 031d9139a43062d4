import { rowStart } from './broadcast.ts'
import type { Broadcast } from './broadcast.ts'

/**
 * Which keys a row may see, a row being a query of a head of an item. What a row sees lies within one interval of keys;
 * a boolean mask may leave holes in it. Rows are kept for as many (item, head) as differ, so that a rule that is the
 * same for all of them costs one row a query, whatever the batch.
 */
export interface Visibility {
  readonly queries: number
  readonly keys: number
  /** The narrowest that is true; `intervals` have no holes. */
  readonly kind: 'every-key' | 'causal' | 'intervals' | 'holes'
  /** Row r of (item, head) is at `rowIndex`: 0 where a rule is the same for all items, or all heads. */
  readonly itemStride: number
  readonly headStride: number
  /** By row: the first key that it sees. */
  readonly first: Int32Array
  /** By row: one past the last key that it sees; equal to `first` where it sees none. */
  readonly end: Int32Array
  /** By row: how many keys it sees, end - first less the holes. */
  readonly count: Int32Array
  /** By row: the query's own position among the keys, which may lie outside of them; null where it has none. */
  readonly position: Int32Array | null
  /** Within first..end, 0 at the keys that a row does not see, 1 elsewhere; null where there are no holes. */
  readonly allowed: Broadcast<Uint8Array> | null
  /** Sum of `count` over the rows that are kept. */
  readonly pairs: number
}

/** Rules that hold together: a row sees what all of them let it see. */
export interface VisibilityRules {
  readonly batch: number
  readonly heads: number
  readonly queries: number
  readonly keys: number
  /** Query i stands at position i + offset among the keys; one number, or one an item. Null: it stands nowhere. */
  readonly offset?: number | readonly number[] | null
  /** Keys after the query's own position are hidden. */
  readonly causal?: boolean
  /** Keys from `position - left` to `position + right`; null is unbounded. */
  readonly window?: readonly [left: number | null, right: number | null]
  /** One an item: keys from there on are padding. */
  readonly keyLengths?: readonly number[] | null
  /** 0 hides a key, anything else does not. */
  readonly allowed?: Broadcast<Uint8Array> | null
}

/** Where the row of a query is kept. */
export function rowIndex(of: Visibility, item: number, head: number, query: number): number {
  return (item * of.itemStride + head * of.headStride) * of.queries + query
}

/** Pairs of a query and a key that it sees, over all items and heads. */
export function seenPairs(
  of: Visibility,
  { batch, heads }: { readonly batch: number; readonly heads: number },
): number {
  return of.pairs * ((batch * heads) / (of.count.length / of.queries))
}

/** The first item and head whose rows are those of a pattern: `count` and its like hold one pattern after the other. */
export function patternPlace(of: Visibility, pattern: number): { item: number; head: number } {
  const headCount = of.itemStride > 0 ? of.itemStride : of.count.length / of.queries
  return {
    item: of.itemStride > 0 ? Math.floor(pattern / headCount) : 0,
    head: of.headStride > 0 ? pattern % headCount : 0,
  }
}

/** Whether a query sees a key; of keys that are not there, no. */
export function sees(of: Visibility, item: number, head: number, query: number, key: number): boolean {
  const row = rowIndex(of, item, head, query)
  if (key < of.first[row]! || key >= of.end[row]!) return false
  const { allowed } = of
  return allowed === null || allowed.data[rowStart(allowed, item, head, query) + key * allowed.keyStride] !== 0
}

/** Mean of the keys that a row sees; NaN where it sees none. */
export function meanKey(of: Visibility, item: number, head: number, query: number): number {
  const row = rowIndex(of, item, head, query)
  const [first, end, count] = [of.first[row]!, of.end[row]!, of.count[row]!]
  if (count === end - first) return count === 0 ? NaN : (first + end - 1) / 2
  let sum = 0
  for (let key = first; key < end; key++) if (sees(of, item, head, query, key)) sum += key
  return sum / count
}

let lastCausal: Visibility | null = null
/** 0, 1, 2, ...: every causal visibility is a view of it. */
let numbers = new Int32Array(0)
let zeros = new Int32Array(0)

/** A square whose row i sees the keys j <= i. */
export function causal(length: number): Visibility {
  if (lastCausal?.queries === length) return lastCausal
  if (numbers.length <= length) {
    numbers = Int32Array.from({ length: 2 * length + 1 }, (_, i) => i)
    zeros = new Int32Array(numbers.length)
  }
  const end = numbers.subarray(1, length + 1)
  lastCausal = {
    queries: length,
    keys: length,
    kind: 'causal',
    itemStride: 0,
    headStride: 0,
    first: zeros.subarray(0, length),
    end,
    count: end,
    position: numbers.subarray(0, length),
    allowed: null,
    pairs: (length * (length + 1)) / 2,
  }
  return lastCausal
}

/** Every row sees every key, and stands nowhere among them. */
export function everyKey(queries: number, keys: number): Visibility {
  return visibilityOf({ batch: 1, heads: 1, queries, keys })
}

/**
 * What remains visible under some rules. Intervals are cut by arithmetic; only `allowed` is read key by key, within
 * what the others leave.
 * @throws RangeError where a rule needs positions and there are none
 */
export function visibilityOf(rules: VisibilityRules): Visibility {
  const { batch, heads, queries, keys, offset = null, keyLengths = null, allowed = null } = rules
  const [left, right] = rules.window ?? [null, null]
  const bounded = rules.causal === true || left !== null || right !== null
  if (bounded && offset === null) throw new RangeError('a causal rule or a window needs positions')
  const reach = rules.causal === true ? Math.min(0, right ?? 0) : right
  const byItem = typeof offset === 'object' && offset !== null
  const itemsDiffer = batch > 1 && (byItem || keyLengths !== null || (allowed?.itemStride ?? 0) !== 0)
  const headsDiffer = heads > 1 && (allowed?.headStride ?? 0) !== 0
  const [itemCount, headCount] = [itemsDiffer ? batch : 1, headsDiffer ? heads : 1]
  const rows = itemCount * headCount * queries
  const [first, end, count] = [new Int32Array(rows), new Int32Array(rows), new Int32Array(rows)]
  const position = offset === null ? null : new Int32Array(rows)
  let pairs = 0
  let holes = false
  let row = 0
  for (let item = 0; item < itemCount; item++) {
    const shift = byItem ? offset[item]! : (offset ?? 0)
    const length = Math.min(keys, keyLengths?.[item] ?? keys)
    for (let head = 0; head < headCount; head++) {
      for (let query = 0; query < queries; query++, row++) {
        const own = query + (shift as number)
        if (position !== null) position[row] = own
        let from = left === null ? 0 : Math.max(0, own - left)
        let to = reach === null ? length : Math.min(length, own + reach + 1)
        let seen = Math.max(0, to - from)
        if (allowed !== null && seen > 0) {
          const { data, keyStride } = allowed
          const start = rowStart(allowed, item, head, query)
          while (from < to && data[start + from * keyStride] === 0) from++
          while (to > from && data[start + (to - 1) * keyStride] === 0) to--
          seen = 0
          for (let key = from; key < to; key++) if (data[start + key * keyStride] !== 0) seen++
          if (seen < to - from) holes = true
        }
        first[row] = seen === 0 ? 0 : from
        end[row] = seen === 0 ? 0 : to
        count[row] = seen
        pairs += seen
      }
    }
  }
  const visibility = {
    queries,
    keys,
    itemStride: itemsDiffer ? headCount : 0,
    headStride: headsDiffer ? 1 : 0,
    first,
    end,
    count,
    position,
    allowed: holes ? allowed : null,
    pairs,
  }
  return { ...visibility, kind: holes ? 'holes' : kindOf(visibility) }
}

function kindOf({ queries, keys, first, end, position }: Omit<Visibility, 'kind'>): Visibility['kind'] {
  const everything = first.every((key) => key === 0) && end.every((key) => key === keys)
  if (everything) return 'every-key'
  const isCausal =
    queries === keys &&
    position !== null &&
    first.every((key) => key === 0) &&
    end.every((key, row) => key === (row % queries) + 1) &&
    position.every((own, row) => own === row % queries)
  return isCausal ? 'causal' : 'intervals'
}
