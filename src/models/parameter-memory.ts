/** Bytes that are kept for the next models: two of width 768. */
const keptBytes = 24 * 2 ** 20
/** A smaller array is as quickly made anew. */
const leastBytes = 2 ** 16

const free = new Map<number, ArrayBufferLike[]>()
let held = 0

/**
 * An array of so many values, of which none is to be read before it is written: fresh memory costs a page fault every
 * 4 KiB, and memory that the garbage collector has to give back costs a full collection every few models. Always another
 * array, though its memory may be known: engines tell parameters apart by their arrays.
 */
export function parameterMemory(length: number): Float32Array {
  const known = free.get(length)?.pop()
  if (known === undefined) return new Float32Array(length)
  held -= known.byteLength
  return new Float32Array(known)
}

/** Gives an array back that nobody reads any more. */
export function giveBackParameters(array: Float32Array): void {
  if (array.byteLength < leastBytes || held + array.byteLength > keptBytes) return
  const others = free.get(array.length)
  if (others === undefined) free.set(array.length, [array.buffer])
  else others.push(array.buffer)
  held += array.byteLength
}
