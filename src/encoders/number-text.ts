import * as kernels from '../kernels/kernels.ts'
import type { ArrayView } from './array-view.ts'
import { textBytes } from './blocks.ts'
import { numberText } from './number-definition.ts'
import type { NumberSink } from './number-sink.ts'

/**
 * The most numbers that become text at once: with each row's brackets, which take a number's place, they fill the
 * kernels' text.
 */
const batchLength = kernels.scratchLength - 1

/** The most bytes of a number or a row's brackets with the comma. */
const bytesPerNumber = 16

/** Up to this many numbers a loop copies faster than TypedArray.set. */
const fewNumbers = 24

/** Some rows of an array, as text apart from the others: rows `from` to `to` (exclusive). */
export interface Run {
  readonly array: ArrayView
  readonly from: number
  readonly to: number
  /** The most brackets that close and open behind a row: the number of axes; 0 for a flat array. */
  readonly brackets: number
  /** Whether it is worth a thread's while, and fits a block. */
  readonly large: boolean
}

/**
 * An array as nested JSON arrays, each number in the fewest digits that float32 reads back (number-definition.ts; NaN
 * and infinities are null): text, and runs of rows for writeRun, in this order.
 */
export function* nestedRuns(array: ArrayView): Generator<string | Run> {
  yield '['.repeat(array.shape.length)
  yield* runs(array, array.shape.length)
}

/** An array's numbers in row-major order, separated by commas; otherwise as nestedRuns. */
export function flatRuns(array: ArrayView): Generator<Run> {
  return runs(array, 0)
}

/** Cuts the rows so that a run's text surely fits a block, unless a single row's does not. */
function* runs(array: ArrayView, brackets: number): Generator<Run> {
  const width = array.shape.at(-1)!
  let from = 0
  let bytes = 0
  const run = (to: number): Run => ({ array, from, to, brackets, large: bytes > textBytes / 2 && bytes <= textBytes })
  if (array.rowCount * (width + 1) * bytesPerNumber > textBytes) {
    const maskedBytes = numberText(array.masked).length + 1
    for (let row = 0; row < array.rowCount; row++) {
      const { end } = array.row(row)
      const more = (end + 1) * bytesPerNumber + (width - end) * maskedBytes
      if (bytes + more > textBytes && row > from) {
        yield run(row)
        from = row
        bytes = 0
      }
      bytes += more
    }
  }
  yield run(array.rowCount)
}

/** The numbers of a run with what stands between them; behind the array's last row the closing brackets. */
export function writeRun({ array, from, to, brackets }: Run, sink: NumberSink): void {
  const width = array.shape.at(-1)!
  const rowsPerBatch = Math.min(kernels.visible.length, Math.floor(batchLength / (width + 1)))
  setRowsPerArray(array.shape)
  for (let row = from; row < to; ) {
    const count = Math.min(Math.max(rowsPerBatch, 1), to - row)
    const partLength = rowsPerBatch === 0 ? batchLength : width
    for (let column = 0; column < width; column += partLength) {
      const part = Math.min(partLength, width - column)
      const endsRow = column + part === width
      gather(array, row, count, column, part)
      const length = kernels.rows(count, part, array.masked, endsRow ? brackets : 0, row)
      // Behind the last number the kernel has opened the next arrays.
      const excess = endsRow && row + count === array.rowCount ? brackets + 1 : 0
      sink.kernelText(length - excess)
    }
    row += count
  }
}

/**
 * Brings columns from `column` on, `width` at most, of `count` rows into the kernels' memory. The kernel writes the
 * masked value behind a row's numbers by itself; what stands before them is written like numbers.
 */
function gather(array: ArrayView, row: number, count: number, column: number, width: number): void {
  const { floats } = kernels.scratch
  let filled = 0
  for (let i = 0; i < count; i++) {
    const place = array.row(row + i)
    const visible = place.end <= place.first ? 0 : Math.min(Math.max(place.end - column, 0), width)
    const hidden = Math.min(Math.max(place.first - column, 0), visible)
    const from = place.offset + Math.max(column - place.first, 0)
    const own = visible - hidden
    kernels.visible[i] = visible
    if (hidden > 0) floats.fill(array.masked, filled, (filled += hidden))
    if (own <= fewNumbers) for (let j = 0; j < own; j++) floats[filled + j] = place.data[from + j]!
    else floats.set(place.data.subarray(from, from + own), filled)
    filled += own
  }
}

function setRowsPerArray(shape: readonly number[]): void {
  let rows = 1
  for (let axis = shape.length - 2, level = 0; axis >= 0; axis--, level++) {
    rows *= shape[axis]!
    kernels.rowsPerArray[level] = rows
  }
}
