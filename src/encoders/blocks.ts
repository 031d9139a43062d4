/** Bytes of text, or of numbers, that a block holds. */
export const textBytes = 512 * 1024
/** Room behind the text, for the numbers that a thread makes it of. */
export const numberBytes = textBytes / 4

const blockBytes = textBytes + numberBytes
/** Blocks that are kept for the next pieces: what a few answers have under way at once. */
const keptBlocks = 8

const free: ArrayBuffer[] = []
const lent = new WeakSet<ArrayBufferLike>()

/**
 * Memory for a piece of an answer. Fresh memory costs as much as what is written into it, a page fault every 4 KiB, so
 * who has written a piece out may give it back; what is not given back is the garbage collector's.
 */
export function lendBlock(): ArrayBuffer {
  return lendAgain(free.pop() ?? Buffer.allocUnsafeSlow(blockBytes).buffer)
}

/** The same for a block that another thread had meanwhile. */
export function lendAgain(block: ArrayBuffer): ArrayBuffer {
  lent.add(block)
  return block
}

/** From here on a piece's memory may be written again. Bytes that are no piece in a block are left alone. */
export function giveBack({ buffer }: Uint8Array): void {
  if (lent.delete(buffer) && free.length < keptBlocks) free.push(buffer as ArrayBuffer)
}
