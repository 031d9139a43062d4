import type { ArrayView } from '../../src/encoders/array-view.ts'
import { NumberSink } from '../../src/encoders/number-sink.ts'
import { writeFlat, writeNested } from '../../src/encoders/number-text.ts'

/** All that a writer writes of an array. */
export function written(write: typeof writeFlat, array: ArrayView): string {
  const sink = new NumberSink()
  return Buffer.concat([...write(array, sink), sink.take()]).toString()
}

export const nested = (array: ArrayView): string => written(writeNested, array)
export const flat = (array: ArrayView): string => written(writeFlat, array)

/** One row. */
export function line(values: Float32Array): ArrayView {
  return { shape: [values.length], masked: 0, rowCount: 1, row: () => ({ data: values, offset: 0, visible: values.length }) }
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
