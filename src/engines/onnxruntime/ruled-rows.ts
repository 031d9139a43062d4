import { rowIndex } from '../../problem/visibility.ts'
import type { Visibility } from '../../problem/visibility.ts'
import type { RowStatistics, RowSums } from '../../statistics/row-statistics.ts'
import type { RowsPlan } from './block-plan.ts'
import { momentColumns } from './graphs.ts'

/** Before the moments: max p, sum p s, and the p of the keys that `pickedKeys` names. */
const columnsBefore = 5

/** Numbers that a block under any rule says of a row. */
export function ruledWidth({ statistics, sinks }: { statistics: boolean; sinks: boolean }): number {
  return (statistics ? columnsBefore + momentColumns : 1) + (sinks ? 1 : 0)
}

interface Items {
  readonly first: number
  readonly count: number
}

/**
 * By row: the places, among a block's keys, of the first key that it sees, the one before its own position and its own;
 * any place where there is no such key. (count, heads, rows, 3)
 */
export function pickedKeys(visibility: Visibility, heads: number, { first, count }: Items, rows: RowsPlan): Int32Array {
  const places = new Int32Array(count * heads * (rows.to - rows.from) * 3)
  const last = rows.end - rows.first - 1
  const place = (key: number): number => Math.min(Math.max(0, key - rows.first), last)
  let at = 0
  for (let item = first; item < first + count; item++) {
    for (let head = 0; head < heads; head++) {
      for (let query = rows.from; query < rows.to; query++) {
        const row = rowIndex(visibility, item, head, query)
        const own = visibility.position?.[row] ?? 0
        places[at++] = place(visibility.first[row]!)
        places[at++] = place(own - 1)
        places[at++] = place(own)
      }
    }
  }
  return places
}

/**
 * A block's rows, (count, heads, rows, `ruledWidth`), as row statistics or, where there are none, as sums; null for a
 * block whose rows see no key. The last sums are taken in float64.
 */
export function fillRuledRows(
  sums: RowSums,
  statistics: RowStatistics | null,
  block: Float32Array | null,
  { first, count }: Items,
  rows: RowsPlan,
): void {
  const { visibility, heads, sinkWeight } = sums
  const width = ruledWidth({ statistics: statistics !== null, sinks: sinkWeight !== null })
  let at = -width
  for (let item = first; item < first + count; item++) {
    for (let head = 0; head < heads; head++) {
      for (let query = rows.from; query < rows.to; query++) {
        at += width
        const row = rowIndex(visibility, item, head, query)
        const index = (item * heads + head) * visibility.queries + query
        if (block === null || visibility.count[row] === 0) {
          if (sinkWeight !== null) sinkWeight[index] = 1 // the other arrays are zeros
          continue
        }
        const sink = sinkWeight === null ? 0 : block[at + width - 1]!
        if (sinkWeight !== null) sinkWeight[index] = sink
        if (statistics === null) sums.sum[index] = block[at]!
        else fillRow(statistics, index, row, block, at, sink, rows)
      }
    }
  }
}

function fillRow(
  into: RowStatistics,
  index: number,
  row: number,
  block: Float32Array,
  at: number,
  sink: number,
  rows: RowsPlan,
): void {
  const { first, end, position } = into.visibility
  const moment = at + columnsBefore
  let sum = 0
  for (let part = moment + 1; part < moment + momentColumns; part++) sum += block[part]!
  const max = block[at]!
  into.sum[index] = sum
  into.maxWeight[index] = max
  // With s the score less the row's greatest and f what the sink leaves of 1, p = f e^s / Z and max p = f / Z:
  // -sum p ln p = -f ln (max p) - sum p s.
  const left = into.sinkWeight === null ? 1 : sum
  const ofKeys = max === 0 ? 0 : -left * Math.log(max) - block[at + 1]!
  const ofSink = sink === 0 ? 0 : -sink * Math.log(sink)
  into.entropy[index] = Math.max(0, ofKeys + ofSink)
  into.firstToken[index] = block[at + 2]!
  if (position === null) return
  const own = position[row]!
  const sees = (key: number): boolean => key >= first[row]! && key < end[row]!
  into.previousToken[index] = sees(own - 1) ? block[at + 3]! : 0
  into.diagonal[index] = sees(own) ? block[at + 4]! : 0
  // The moment counts from the block's last key, so that near keys keep their digits in long sequences too.
  into.distance[index] = block[moment]! - (rows.end - 1 - own) * sum
}
