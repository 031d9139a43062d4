import type { ArrayView } from './array-view.ts'

/**
 * An array's numbers as little-endian float32 bytes, row-major, in pieces of `bytesPerPiece` (a multiple of 4; the last
 * one may be shorter), each at the beginning of what `memory` gives for it.
 */
export function* rowsToBytes(array: ArrayView, bytesPerPiece: number, memory: () => ArrayBuffer): Generator<Buffer> {
  const width = array.shape.at(-1)!
  let left = array.rowCount * width
  const next = (): Float32Array => new Float32Array(memory(), 0, Math.min(left, bytesPerPiece / 4))
  let piece = next()
  let filled = 0
  for (let row = 0; row < array.rowCount; row++) {
    const { data, offset, first, end } = array.row(row)
    for (let column = 0; column < width; ) {
      const room = piece.length - filled
      let count: number
      if (column >= first && column < end) {
        count = Math.min(end - column, room)
        const from = offset + column - first
        piece.set(data.subarray(from, from + count), filled)
      } else {
        count = Math.min((column < first ? first : width) - column, room)
        piece.fill(array.masked, filled, filled + count)
      }
      column += count
      filled += count
      if (filled === piece.length) {
        yield Buffer.from(piece.buffer, 0, piece.byteLength)
        left -= filled
        filled = 0
        if (left > 0) piece = next()
      }
    }
  }
}
