import * as kernels from '../kernels/kernels.ts'
import type { ArrayView } from './array-view.ts'
import type { NumberSink } from './number-sink.ts'

/** The most numbers that become text at once: with each row's brackets, which take a number's place, they fill the kernels' text. */
const batchLength = kernels.scratchLength - 1

/** Up to this many numbers a loop copies faster than TypedArray.set. */
const fewNumbers = 24

/**
 * An array as nested JSON arrays, each number in the fewest digits that float32 reads
 * back (number-definition.ts; NaN and infinities are null). Yields a piece whenever the
 * sink is full, and leaves the rest in it.
 */
export function* writeNested(array: ArrayView, sink: NumberSink): Generator<Buffer> {
  sink.text('['.repeat(array.shape.length))
  yield* writeRows(array, array.shape.length, sink)
}

/** An array's numbers in row-major order, separated by commas; otherwise as writeNested. */
export function* writeFlat(array: ArrayView, sink: NumberSink): Generator<Buffer> {
  yield* writeRows(array, 0, sink)
}

/** The numbers with what stands between them, and `brackets` closing ones at the end. */
function* writeRows(array: ArrayView, brackets: number, sink: NumberSink): Generator<Buffer> {
  const width = array.shape.at(-1)!
  const rowsPerBatch = Math.min(kernels.visible.length, Math.floor(batchLength / (width + 1)))
  for (let row = 0; row < array.rowCount;) {
    const count = Math.min(Math.max(rowsPerBatch, 1), array.rowCount - row)
    const partLength = rowsPerBatch === 0 ? batchLength : width
    for (let column = 0; column < width; column += partLength) {
      const part = Math.min(partLength, width - column)
      const endsRow = column + part === width
      gather(array, row, count, column, part)
      setRowsPerArray(array.shape) // anew each time: another answer may be written between two pieces
      const length = kernels.rows(count, part, array.masked, endsRow ? brackets : 0, row)
      // Behind the last number the kernel has opened the next arrays.
      const excess = endsRow && row + count === array.rowCount ? brackets + 1 : 0
      sink.kernelText(length - excess)
      if (sink.full) yield sink.take()
    }
    row += count
  }
}

/** Brings columns from `column` on, `width` at most, of `count` rows into the kernels' memory. */
function gather(array: ArrayView, row: number, count: number, column: number, width: number): void {
  const { floats } = kernels.scratch
  let filled = 0
  for (let i = 0; i < count; i++) {
    const place = array.row(row + i)
    const visible = Math.min(Math.max(place.visible - column, 0), width)
    const from = place.offset + column
    kernels.visible[i] = visible
    if (visible <= fewNumbers) for (let j = 0; j < visible; j++) floats[filled + j] = place.data[from + j]!
    else floats.set(place.data.subarray(from, from + visible), filled)
    filled += visible
  }
}

function setRowsPerArray(shape: readonly number[]): void {
  let rows = 1
  for (let axis = shape.length - 2, level = 0; axis >= 0; axis--, level++) {
    rows *= shape[axis]!
    kernels.rowsPerArray[level] = rows
  }
}
