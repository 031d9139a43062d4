import type { Broadcast } from '../../problem/broadcast.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import type { ProblemSize } from '../../problem/size.ts'
import { rowIndex } from '../../problem/visibility.ts'
import type { Visibility } from '../../problem/visibility.ts'
import type { Wanted } from '../engine.ts'
import type { RowsPlan } from './block-plan.ts'
import { momentColumns } from './graphs.ts'
import { productsGraph, ruledGraph } from './ruled-graph.ts'
import type { RuledStructure } from './ruled-graph.ts'
import { pickedKeys, ruledWidth } from './ruled-rows.ts'
import { moments } from './rows.ts'
import type { RuledScoring } from './ruled-scoring.ts'
import type { Feeds, Results, Sessions } from './sessions.ts'
import type { Stages } from './stages.ts'

/** Some items of the batch. */
export interface Items {
  readonly first: number
  readonly count: number
}

/** A block of rows under any rule; at least one of its rows sees a key. */
export function solveRuledBlock(
  sessions: Sessions,
  problem: AttentionProblem,
  scoring: RuledScoring,
  wanted: Wanted,
  stages: Stages,
  items: Items,
  rows: RowsPlan,
): Promise<Results> {
  const { size, visibility } = problem
  const { heads, valueDim, queries, keys } = size
  const { count } = items
  const { from, to, first, end } = rows
  const context = stages.value !== null
  const dropout = context ? problem.dropout : null // which changes nothing but the contexts
  const guarded = !stages.moderate || !scoring.moderate
  const hides = visibility.kind !== 'every-key'
  const structure: RuledStructure = {
    ...operandStructure(size, stages, rows, count),
    guarded,
    softCap: scoring.softCap !== null,
    bias: scoring.bias !== null,
    slopes: scoring.slopes !== null,
    sinks: scoring.sinks !== null,
    hides,
    holes: visibility.allowed !== null,
    empty: hides && hasEmptyRows(visibility, from, to),
    dropout: dropout !== null,
    context,
    statistics: wanted.statistics === true,
    weights: wanted.weights === true,
    scores: wanted.scores === true,
  }
  const keep =
    dropout && ({ data: dropout.keep, ...contiguousStrides(heads, queries, keys) } satisfies Broadcast<Uint8Array>)
  const one = (value: number): Feeds[string] => [Float32Array.of(value), [1]]
  const perHead = (data: Float32Array): Feeds[string] => [data, [1, heads, 1, 1]]
  const part = (name: string, of: Broadcast<Float32Array | Uint8Array>): Feeds => partFeeds(name, of, size, items, rows)
  const mapShape = [count, heads, to - from, end - first]
  return sessions.run(
    `ruled ${Object.values(structure)}`,
    () => ruledGraph(structure),
    {
      ...operandFeeds(size, stages, rows, count),
      ...(stages.value === null ? {} : { value: keyFeed(stages.value, size, valueDim, stages, rows, count) }),
      scale: one(problem.scoring.scale),
      ...(scoring.softCap === null ? {} : { softCap: one(scoring.softCap) }),
      ...(scoring.bias === null ? {} : part('bias', scoring.bias)),
      ...(scoring.slopes === null
        ? {}
        : { slopes: perHead(scoring.slopes), position: rowFeed(visibility, visibility.position!, heads, items, rows) }),
      ...(hides
        ? {
            first: rowFeed(visibility, visibility.first, heads, items, rows),
            end: rowFeed(visibility, visibility.end, heads, items, rows),
          }
        : {}),
      ...(hides || structure.slopes ? { keys: [keyNumbers(first, end), [end - first]] } : {}),
      ...(visibility.allowed === null ? {} : part('allowed', visibility.allowed)),
      ...(scoring.sinks === null ? {} : { sinks: perHead(scoring.sinks) }),
      ...(dropout === null ? {} : { ...part('keep', keep!), keepProbability: one(dropout.keepProbability) }),
      ...(structure.statistics
        ? {
            moments: [moments(end - first), [end - first, momentColumns]],
            picks: [pickedKeys(visibility, heads, items, rows), [count, heads, to - from, 3]],
          }
        : {}),
    },
    {
      rows: [count, heads, to - from, ruledWidth(structure)],
      ...(hides ? { hiddenWeight: [1, 1, 1, 1] } : {}),
      ...(context ? { mixed: [count, to - from, heads, valueDim] } : {}),
      ...(structure.weights ? { weights: mapShape } : {}),
      ...(structure.scores ? { scores: mapShape } : {}),
    },
  )
}

/** q . k of some items' rows and every key: (count, heads, rows, keys). */
export async function productsOf(
  sessions: Sessions,
  { size }: AttentionProblem,
  stages: Stages,
  count: number,
): Promise<Float32Array> {
  const rows = { from: 0, to: size.queries, first: 0, end: size.keys }
  const structure = operandStructure(size, stages, rows, count)
  const { products } = await sessions.run(
    `products ${Object.values(structure)}`,
    () => productsGraph(structure),
    operandFeeds(size, stages, rows, count),
    { products: [count, size.heads, size.queries, size.keys] },
  )
  return products!
}

function operandStructure(size: ProblemSize, { headsFirst }: Stages, { first, end }: RowsPlan, count: number) {
  const { keys, heads, keyValueHeads } = size
  return {
    headsFirst,
    sliced: headsFirst && count * keyValueHeads > 1 && (first > 0 || end < keys),
    grouped: keyValueHeads !== heads,
  }
}

function operandFeeds(size: ProblemSize, stages: Stages, rows: RowsPlan, count: number): Feeds {
  const { queries, heads, keyValueHeads, headDim } = size
  const { from, to, first, end } = rows
  const { headsFirst, sliced, grouped } = operandStructure(size, stages, rows, count)
  const position = count * heads * headDim
  return {
    query: headsFirst
      ? [stages.query, [count, heads, queries, headDim]]
      : [stages.query.subarray(from * position, to * position), [to - from, count, heads, headDim]],
    key: keyFeed(stages.key, size, headDim, stages, rows, count),
    ...(headsFirst ? { from: [from], to: [to] } : {}),
    ...(sliced ? { firstKey: [first], endKey: [end] } : {}),
    ...(grouped ? { groupRows: [0, keyValueHeads, -1, 0], headRows: [0, heads, -1, 0] } : {}),
  }
}

/** Keys or values: those that the rows see where they lie side by side in memory, else all of them, to be sliced. */
function keyFeed(
  stage: Float32Array,
  { keys, keyValueHeads }: ProblemSize,
  width: number,
  { headsFirst }: Stages,
  { first, end }: RowsPlan,
  count: number,
): Feeds[string] {
  const position = count * keyValueHeads * width
  const seen = stage.subarray(first * position, end * position)
  if (!headsFirst) return [seen, [end - first, count, keyValueHeads, width]]
  return count * keyValueHeads === 1 ? [seen, [1, 1, end - first, width]] : [stage, [count, keyValueHeads, keys, width]]
}

/** Some items of an array over (batch, heads, queries, keys), and what of it the rows and their keys are. */
function partFeeds(
  name: string,
  { data, itemStride, headStride, queryStride, keyStride }: Broadcast<Float32Array | Uint8Array>,
  { heads, queries, keys }: ProblemSize,
  items: Items,
  { from, to, first, end }: RowsPlan,
): Feeds {
  const shape = [itemStride && items.count, headStride && heads, queryStride && queries, keyStride && keys].map(
    (length, axis) => ([itemStride, headStride, queryStride, keyStride][axis] === 0 ? 1 : length),
  )
  const start = items.first * itemStride
  return {
    [name]: [data.subarray(start, start + shape.reduce((product, length) => product * length, 1)), shape],
    [`${name}.start`]: [queryStride === 0 ? 0 : from, keyStride === 0 ? 0 : first],
    [`${name}.end`]: [queryStride === 0 ? 1 : to, keyStride === 0 ? 1 : end],
  }
}

function contiguousStrides(heads: number, queries: number, keys: number) {
  return { itemStride: heads * queries * keys, headStride: queries * keys, queryStride: keys, keyStride: 1 }
}

/** What `visibility` says of each row, (items or 1, heads or 1, rows, 1). */
function rowFeed(
  visibility: Visibility,
  column: Int32Array,
  heads: number,
  { first, count }: Items,
  { from, to }: RowsPlan,
): Feeds[string] {
  const itemCount = visibility.itemStride > 0 ? count : 1
  const headCount = visibility.headStride > 0 ? heads : 1
  const numbers = new Int32Array(itemCount * headCount * (to - from))
  let at = 0
  for (let item = first; item < first + itemCount; item++) {
    for (let head = 0; head < headCount; head++) {
      const row = rowIndex(visibility, item, head, from)
      numbers.set(column.subarray(row, row + to - from), at)
      at += to - from
    }
  }
  return [numbers, [itemCount, headCount, to - from, 1]]
}

/** Whether one of the rows from..to-1 sees no key, in any item and head. */
function hasEmptyRows({ patterns, queries, count }: Visibility, from: number, to: number): boolean {
  for (let pattern = 0; pattern < patterns; pattern++) {
    for (let row = pattern * queries + from; row < pattern * queries + to; row++) if (count[row] === 0) return true
  }
  return false
}

let numbers = new Int32Array(0)

/** first..end-1, a view of a table that grows with the longest sequence. */
function keyNumbers(first: number, end: number): Int32Array {
  if (numbers.length < end) numbers = Int32Array.from({ length: end }, (_, key) => key)
  return numbers.subarray(first, end)
}
