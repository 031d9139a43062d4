import type { ArrayView } from './array-view.ts'
import { rowsToBytes } from './rows-to-bytes.ts'

/**
 * Bytes of a piece: a multiple of 3, so that no piece but the last is padded, and of 4, a whole number of values; small
 * enough to stay in a core's cache until its text is written.
 */
const bytesPerPiece = 24 * 1024

/** An array as base64 text (RFC 4648), in pieces that belong together. */
export function* base64Text(array: ArrayView): Generator<string> {
  const memory = new ArrayBuffer(bytesPerPiece)
  for (const bytes of rowsToBytes(array, bytesPerPiece, () => memory)) yield bytes.toString('base64')
}
