/** Arrays up to this many bytes are cut from a common piece of memory. */
const smallBytes = 8 * 1024
/** Small enough that malloc keeps it ready, and that little is held when one array in it lives long. */
const pieceBytes = 64 * 1024
/** What the widest elements are aligned to. */
const alignment = Float64Array.BYTES_PER_ELEMENT

let piece = new ArrayBuffer(0)
let used = 0

/**
 * A new array of zeros. A typed array with memory of its own takes a microsecond to make and to collect, as long as the
 * arithmetic of a small map; a small one is therefore a view of memory that others have parts of.
 */
export function float32Zeros(length: number): Float32Array {
  const bytes = length * Float32Array.BYTES_PER_ELEMENT
  return bytes > smallBytes ? new Float32Array(length) : new Float32Array(pieceFor(bytes), cut(bytes), length)
}

/** The same in float64. */
export function float64Zeros(length: number): Float64Array {
  const bytes = length * Float64Array.BYTES_PER_ELEMENT
  return bytes > smallBytes ? new Float64Array(length) : new Float64Array(pieceFor(bytes), cut(bytes), length)
}

function pieceFor(bytes: number): ArrayBuffer {
  if (used + bytes > piece.byteLength) {
    piece = new ArrayBuffer(pieceBytes)
    used = 0
  }
  return piece
}

/** Takes the next bytes of the piece: where they begin. */
function cut(bytes: number): number {
  const at = used
  used += Math.ceil(bytes / alignment) * alignment
  return at
}
