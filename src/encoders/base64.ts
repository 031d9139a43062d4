import type { ArrayView } from './array-view.ts'
import { rowsToBytes } from './rows-to-bytes.ts'

/** Bytes of a piece: a multiple of 3, so that no piece but the last is padded, and of 4, a whole number of values. */
const bytesPerPiece = 192 * 1024

/** An array as base64 text (RFC 4648), in pieces that belong together. */
export function* base64Chunks(array: ArrayView): Generator<string> {
  for (const bytes of rowsToBytes(array, bytesPerPiece)) yield bytes.toString('base64')
}
