import type { ArrayView } from './array-view.ts'

/**
 * An array's numbers as little-endian float32 bytes, row-major, in pieces of `bytesPerPiece` (a multiple of 4; the last
 * one may be shorter). Each piece is a fresh Buffer.
 */
export function* rowsToBytes(array: ArrayView, bytesPerPiece: number): Generator<Buffer> {
  const width = array.shape.at(-1)!
  const floatsPerPiece = bytesPerPiece / 4
  let left = array.rowCount * width
  let piece = new Float32Array(Math.min(left, floatsPerPiece))
  let filled = 0
  for (let row = 0; row < array.rowCount; row++) {
    const { data, offset, visible } = array.row(row)
    for (let column = 0; column < width;) {
      const room = piece.length - filled
      if (column < visible) {
        const count = Math.min(visible - column, room)
        piece.set(data.subarray(offset + column, offset + column + count), filled)
        column += count
        filled += count
      } else {
        const count = Math.min(width - column, room)
        if (array.masked !== 0) piece.fill(array.masked, filled, filled + count)
        column += count
        filled += count
      }
      if (filled === piece.length) {
        yield Buffer.from(piece.buffer)
        left -= filled
        piece = new Float32Array(Math.min(left, floatsPerPiece))
        filled = 0
      }
    }
  }
}
