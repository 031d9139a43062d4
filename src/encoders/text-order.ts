import { lendAgain, lendBlock, textBytes } from './blocks.ts'
import { NumberSink } from './number-sink.ts'
import { writeRun } from './number-text.ts'
import type { Run } from './number-text.ts'

/** A run on its way to a thread: its numbers lie in the block, behind the place of their text. */
export interface TextOrder {
  readonly shape: readonly number[]
  readonly masked: number
  readonly from: number
  readonly brackets: number
  /** Of each row: where its own numbers begin and end. */
  readonly first: Uint32Array
  readonly end: Uint32Array
  readonly block: ArrayBuffer
}

/** And back. */
export interface TextAnswer {
  readonly block: ArrayBuffer
  readonly length: number
}

/** A run's numbers brought together. The block goes with the order: it is to be transferred. */
export function orderOf({ array, from, to, brackets }: Run): TextOrder {
  const block = lendBlock()
  const numbers = new Float32Array(block, textBytes)
  const [first, end] = [new Uint32Array(to - from), new Uint32Array(to - from)]
  let filled = 0
  for (let row = from; row < to; row++) {
    const place = array.row(row)
    const count = place.end - place.first
    numbers.set(place.data.subarray(place.offset, place.offset + count), filled)
    first[row - from] = place.first
    end[row - from] = place.end
    filled += count
  }
  return { shape: array.shape, masked: array.masked, from, brackets, first, end, block }
}

/** What a thread does with an order: the run as its sender has it, written as its sender would. */
export function carryOut({ shape, masked, from, brackets, first, end, block }: TextOrder): TextAnswer {
  const data = new Float32Array(block, textBytes)
  const offsets = new Uint32Array(end.length)
  for (let i = 1; i < end.length; i++) offsets[i] = offsets[i - 1]! + end[i - 1]! - first[i - 1]!
  const array = {
    shape,
    masked,
    rowCount: shape.slice(0, -1).reduce((rows, length) => rows * length, 1),
    row: (row: number) => ({ data, offset: offsets[row - from]!, first: first[row - from]!, end: end[row - from]! }),
  }
  const sink = new NumberSink(block)
  writeRun({ array, from, to: from + end.length, brackets, large: true }, sink)
  return { block, length: sink.length }
}

/** The text of an answer. */
export function textOf({ block, length }: TextAnswer): Buffer {
  return Buffer.from(lendAgain(block), 0, length)
}
