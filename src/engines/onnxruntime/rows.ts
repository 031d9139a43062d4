import type { RowStatistics, RowSums } from '../../statistics/row-statistics.ts'
import { momentColumns, rowColumns } from './graphs.ts'

/** Where the rows of a block belong: `count` items from `first` on, `size` rows from `from` on. */
export interface RowPlace {
  readonly first: number
  readonly count: number
  readonly from: number
  readonly size: number
}

/** A block's rows, (count, heads, size, rowColumns), as row statistics; the last sums are taken in float64. */
export function fillRows(into: RowStatistics, rows: Float32Array, { first, count, from, size }: RowPlace): void {
  let at = 0
  for (let map = first * into.heads; map < (first + count) * into.heads; map++) {
    for (let row = 0; row < size; row++, at += rowColumns.length) {
      const index = map * into.visibility.queries + from + row
      const max = rows[at]!
      const sum = rows[at + 6]!
      into.maxWeight[index] = max
      // With s the score less the row's greatest, p = e^s / Z and max p = 1 / Z: -sum p ln p = ln Z - sum p s.
      into.entropy[index] = Math.max(0, -Math.log(max) - rows[at + 1]!)
      into.firstToken[index] = rows[at + 2]!
      into.previousToken[index] = rows[at + 3]!
      into.diagonal[index] = rows[at + 4]!
      // The moment counts from the block's last row, so that near keys keep their digits in long sequences too.
      into.distance[index] = Math.max(0, rows[at + 5]! - (size - 1 - row) * sum)
      into.sum[index] = sum
    }
  }
}

/** The same where rows have only their sums: (count, heads, size, 1). */
export function fillSums(into: RowSums, rows: Float32Array, { first, count, from, size }: RowPlace): void {
  for (let map = 0; map < count * into.heads; map++) {
    into.sum.set(
      rows.subarray(map * size, (map + 1) * size),
      (first * into.heads + map) * into.visibility.queries + from,
    )
  }
}

let table = new Float32Array(0)

/**
 * (width, momentColumns): key j has [width - 1 - j, 1, 0, ...]. A view of a table that grows with the longest sequence.
 */
export function moments(width: number): Float32Array {
  const known = table.length / momentColumns
  if (known < width) {
    table = new Float32Array(width * momentColumns)
    for (let key = 0; key < width; key++) table.set([width - 1 - key, 1], key * momentColumns)
  }
  return table.subarray(table.length - width * momentColumns)
}
