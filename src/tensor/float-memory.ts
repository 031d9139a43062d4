/** Bytes that are kept: what a request of T 1024 at width 768 with its weights takes. */
const keptBytes = 64 * 2 ** 20
/** A smaller array is as quickly made anew. */
const leastBytes = 2 ** 16

/** Free memory by the number of values, what was given back last at the end. */
const free = new Map<number, ArrayBuffer[]>()
let held = 0

/**
 * An array of so many values, of which none is to be read before it is written: fresh memory costs a page fault every
 * 4 KiB, and memory that the garbage collector has to give back costs full collections. Always another array, though
 * its memory may be known: engines tell parameters apart by their arrays.
 */
export function takeFloats(length: number): Float32Array {
  const known = free.get(length)
  const buffer = known?.pop()
  if (buffer === undefined) return new Float32Array(length) // of its own, however small: a model's lives long
  if (known!.length === 0) free.delete(length)
  held -= buffer.byteLength
  return new Float32Array(buffer)
}

/**
 * Gives memory back that nobody reads any more, if it is all one array's. The array is empty afterwards, so that a late
 * reader finds nothing rather than another's numbers, and giving it back again does nothing.
 */
export function giveBackFloats({ buffer, byteLength, length }: Float32Array): void {
  if (
    byteLength < leastBytes ||
    byteLength > keptBytes ||
    byteLength !== buffer.byteLength ||
    buffer instanceof SharedArrayBuffer
  )
    return
  while (held + byteLength > keptBytes) dropOldest()
  const same = free.get(length) ?? []
  same.push(buffer.transfer())
  free.delete(length) // now the last one
  free.set(length, same)
  held += byteLength
}

/** Frees what has been asked for longest ago: now, and not when the garbage collector comes to it. */
function dropOldest(): void {
  const [length, buffers] = free.entries().next().value!
  buffers.pop()!.transfer(0)
  if (buffers.length === 0) free.delete(length)
  held -= length * Float32Array.BYTES_PER_ELEMENT
}
