import type { RowStatistics, RowSums } from '../../statistics/row-statistics.ts'
import { momentColumns, rowColumns } from './graphs.ts'

/** Where the rows of a block belong: `count` items from `first` on, `size` rows from `from` on. */
export interface RowPlace {
  readonly first: number
  readonly count: number
  readonly from: number
  readonly size: number
}

/** Numbers that a block says of a row that has statistics. */
export const rowWidth = rowColumns.length + momentColumns

/** A block's rows, (count, heads, size, rowWidth), as row statistics; the last sums are taken in float64. */
export function fillRows(into: RowStatistics, rows: Float32Array, { first, count, from, size }: RowPlace): void {
  let at = 0
  for (let map = first * into.heads; map < (first + count) * into.heads; map++) {
    for (let row = 0; row < size; row++, at += rowWidth) {
      const index = map * into.visibility.queries + from + row
      const max = rows[at]!
      const moment = at + rowColumns.length
      let sum = 0
      for (let part = moment + 1; part < at + rowWidth; part++) sum += rows[part]!
      into.maxWeight[index] = max
      // With s the score less the row's greatest, p = e^s / Z and max p = 1 / Z: -sum p ln p = ln Z - sum p s.
      into.entropy[index] = Math.max(0, -Math.log(max) - rows[at + 1]!)
      into.firstToken[index] = rows[at + 2]!
      into.previousToken[index] = rows[at + 3]!
      into.diagonal[index] = rows[at + 4]!
      // The moment counts from the block's last row, so that near keys keep their digits in long sequences too.
      into.distance[index] = Math.max(0, rows[moment]! - (size - 1 - row) * sum)
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

/** Neighbouring keys whose weights are added in float32: each such run of keys has one of the columns for the sum. */
const keysOfPart = 16

/**
 * (width, momentColumns): key j has width - 1 - j, and a 1 in the column of its part of the sum. A view of a table that
 * grows with the longest sequence, whose last row is always the last key's.
 */
export function moments(width: number): Float32Array {
  const known = table.length / momentColumns
  if (known < width) {
    table = new Float32Array(width * momentColumns)
    for (let distance = 0; distance < width; distance++) {
      const at = (width - 1 - distance) * momentColumns
      table[at] = distance
      table[at + 1 + (Math.floor(distance / keysOfPart) % (momentColumns - 1))] = 1
    }
  }
  return table.subarray(table.length - width * momentColumns)
}
