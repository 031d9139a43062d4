import type { ArrayView } from '../../src/encoders/array-view.ts'
import { NumberSink } from '../../src/encoders/number-sink.ts'
import { flatRuns, nestedRuns } from '../../src/encoders/number-text.ts'
import { writePart } from '../../src/encoders/pieces.ts'
import type { Part } from '../../src/encoders/pieces.ts'

/** All that parts say, in one sink. */
export function written(parts: Iterable<Part>): string {
  const sink = new NumberSink()
  for (const part of parts) writePart(part, sink)
  return sink.take().toString()
}

export const nested = (array: ArrayView): string => written(nestedRuns(array))
export const flat = (array: ArrayView): string => written(flatRuns(array))

/** One row. */
export function line(values: Float32Array): ArrayView {
  return {
    shape: [values.length],
    masked: 0,
    rowCount: 1,
    row: () => ({ data: values, offset: 0, first: 0, end: values.length }),
  }
}

/** Each value's text. */
export const texts = (values: Float32Array): string[] => flat(line(values)).split(',')

/** Float32 values by their bits. */
export const fromBits = (bits: ArrayLike<number>): Float32Array => new Float32Array(Uint32Array.from(bits).buffer)

/** Random words, the same in each run (a linear congruential generator's high bits, twice). */
export function randomWords(count: number, seed: number): Uint32Array {
  let state = seed
  const half = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 16
  return Uint32Array.from({ length: count }, () => (half() << 16) | half())
}
