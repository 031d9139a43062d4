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
  /** The first that is true of `causal`, `every-key`, `intervals`, which have no holes, and `holes`. */
  readonly kind: 'every-key' | 'causal' | 'intervals' | 'holes'
  /** How many (item, head) are kept: 1 where the rules are the same for all of them. */
  readonly patterns: number
  /** Patterns from one item to the next, and from one head to the next; 0 where they are the same. */
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
  /** Sum of `count` over the rows that are kept; an upper bound of it where there are more than any memory holds. */
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

/** The keys first..end-1 that any of the rows from..to-1 sees, in any item and head; 0..0 where they see none. */
export function keysOfRows(of: Visibility, from: number, to: number): { first: number; end: number } {
  let first = of.keys
  let end = 0
  for (let pattern = 0; pattern < of.patterns; pattern++) {
    for (let row = pattern * of.queries + from; row < pattern * of.queries + to; row++) {
      if (of.count[row] === 0) continue
      first = Math.min(first, of.first[row]!)
      end = Math.max(end, of.end[row]!)
    }
  }
  return end === 0 ? { first: 0, end: 0 } : { first, end }
}

/** Pairs of a query and a key that it sees, over all items and heads. */
export function seenPairs(
  of: Visibility,
  { batch, heads }: { readonly batch: number; readonly heads: number },
): number {
  return of.pairs * ((batch * heads) / of.patterns)
}

/** The first item and head whose rows are those of a pattern: `count` and its like hold one pattern after the other. */
export function patternPlace(of: Visibility, pattern: number): { item: number; head: number } {
  const headCount = of.itemStride > 0 ? of.itemStride : of.patterns
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

/** A square whose row i sees the keys j <= i. */
export function causal(length: number): Visibility {
  if (lastCausal?.queries !== length)
    lastCausal = visibilityOf({ batch: 1, heads: 1, queries: length, keys: length, offset: 0, causal: true })
  return lastCausal
}

/** Every row sees every key, and stands nowhere among them. */
export function everyKey(queries: number, keys: number): Visibility {
  return visibilityOf({ batch: 1, heads: 1, queries, keys })
}

/**
 * What remains visible under some rules. Intervals are cut by arithmetic; only `allowed` is read key by key, within
 * what the others leave. Rows are worked out when the first of them is asked for, so that the outline of a problem that
 * no memory holds costs nothing.
 * @throws RangeError where a rule needs positions and there are none
 */
export function visibilityOf(rules: VisibilityRules): Visibility {
  const { offset = null, causal = false, window: [left, right] = [null, null] } = rules
  if ((causal || left !== null || right !== null) && offset === null)
    throw new RangeError('a causal rule or a window needs positions')
  return new RuledVisibility(rules)
}

/**
 * More rows than this, or more steps along rows that are read key by key, are counted by an upper bound: they are only
 * ever estimated, and that before anybody has said that so much work may be done.
 */
const mostRows = 2 ** 22
const mostSteps = 2 ** 24

/** By row: which keys it sees. */
interface Rows extends Pick<Visibility, 'first' | 'end' | 'count' | 'position' | 'pairs'> {
  readonly holes: boolean
}

class RuledVisibility implements Visibility {
  readonly queries: number
  readonly keys: number
  readonly itemStride: number
  readonly headStride: number
  readonly #rules: VisibilityRules
  readonly #patterns: number
  #known: Rows | null = null
  #kind: Visibility['kind'] | null = null

  constructor(rules: VisibilityRules) {
    const { batch, heads, queries, keys, offset, keyLengths, allowed } = rules
    this.#rules = rules
    this.queries = queries
    this.keys = keys
    const offsetsDiffer = typeof offset === 'object' && offset !== null
    const itemsDiffer =
      batch > 1 && (offsetsDiffer || (keyLengths ?? null) !== null || (allowed?.itemStride ?? 0) !== 0)
    const headsDiffer = heads > 1 && (allowed?.headStride ?? 0) !== 0
    this.itemStride = itemsDiffer ? (headsDiffer ? heads : 1) : 0
    this.headStride = headsDiffer ? 1 : 0
    this.#patterns = (itemsDiffer ? batch : 1) * (headsDiffer ? heads : 1)
  }

  get first(): Int32Array {
    return this.#rows.first
  }

  get end(): Int32Array {
    return this.#rows.end
  }

  get count(): Int32Array {
    return this.#rows.count
  }

  get position(): Int32Array | null {
    return this.#rows.position
  }

  get allowed(): Broadcast<Uint8Array> | null {
    return this.kind === 'holes' ? this.#rules.allowed! : null
  }

  get patterns(): number {
    return this.#patterns
  }

  get pairs(): number {
    if (this.kind === 'causal') return (this.#patterns * this.queries * (this.queries + 1)) / 2
    if (this.#isCountable) return this.#rows.pairs
    const { causal, window: [left, right] = [null, null] } = this.#rules
    const ahead = causal === true ? 0 : right
    const widest = left === null || ahead === null ? this.keys : Math.min(this.keys, left + 1 + ahead)
    return this.#patterns * this.queries * widest
  }

  get kind(): Visibility['kind'] {
    this.#kind ??= this.#kindByRules()
    return this.#kind
  }

  get #isCountable(): boolean {
    const rows = this.#patterns * this.queries
    return rows <= mostRows && (!this.#rules.allowed || rows * this.keys <= mostSteps)
  }

  get #rows(): Rows {
    this.#known ??= rowsOf(this.#rules, this)
    return this.#known
  }

  #kindByRules(): Visibility['kind'] {
    const {
      queries,
      keys,
      offset = null,
      causal = false,
      window: [left, right] = [null, null],
      keyLengths,
    } = this.#rules
    if (this.#rules.allowed) {
      if (!this.#isCountable || this.#rows.holes) return 'holes'
      return kindOf(this)
    }
    if (keyLengths?.some((length) => length < keys)) return this.#isCountable ? kindOf(this) : 'intervals'
    const offsets = typeof offset === 'object' && offset !== null ? offset : [offset ?? 0]
    const ahead = causal ? Math.min(0, right ?? 0) : right
    const reachesBack = left === null || offsets.every((shift) => queries - 1 + shift - left <= 0)
    const reachesAhead = ahead === null || offsets.every((shift) => shift + ahead >= keys - 1)
    const standsOnKeys = offset !== null && queries === keys && offsets.every((shift) => shift === 0)
    if (standsOnKeys && reachesBack && (ahead === 0 || (queries === 1 && reachesAhead))) return 'causal'
    return reachesBack && reachesAhead ? 'every-key' : 'intervals'
  }
}

function rowsOf(rules: VisibilityRules, { itemStride, headStride, patterns }: Visibility): Rows {
  const { batch, heads, queries, keys, offset = null, keyLengths = null, allowed = null } = rules
  const [left, right] = rules.window ?? [null, null]
  const ahead = rules.causal === true ? Math.min(0, right ?? 0) : right
  const offsetsDiffer = typeof offset === 'object' && offset !== null
  const [itemCount, headCount] = [itemStride > 0 ? batch : 1, headStride > 0 ? heads : 1]
  const rows = patterns * queries
  const [first, end, count] = [new Int32Array(rows), new Int32Array(rows), new Int32Array(rows)]
  const position = offset === null ? null : new Int32Array(rows)
  let pairs = 0
  let holes = false
  let row = 0
  for (let item = 0; item < itemCount; item++) {
    const shift = offsetsDiffer ? offset[item]! : (offset ?? 0)
    const length = Math.min(keys, keyLengths?.[item] ?? keys)
    for (let head = 0; head < headCount; head++) {
      for (let query = 0; query < queries; query++, row++) {
        const own = query + (shift as number)
        if (position !== null) position[row] = own
        let from = left === null ? 0 : Math.max(0, own - left)
        let to = ahead === null ? length : Math.min(length, own + ahead + 1)
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
  return { first, end, count, position, pairs, holes }
}

/** What rows without holes come to. */
function kindOf({ queries, keys, first, end, position }: Visibility): Visibility['kind'] {
  if (first.some((key) => key !== 0)) return 'intervals'
  const isCausal =
    queries === keys &&
    position !== null &&
    end.every((key, row) => key === (row % queries) + 1) &&
    position.every((own, row) => own === row % queries)
  if (isCausal) return 'causal'
  return end.every((key) => key === keys) ? 'every-key' : 'intervals'
}
