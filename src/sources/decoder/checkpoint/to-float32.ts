/** Types of weights that are served: each widens to float32 without loss. */
export const servedDtypes = ['F32', 'F16', 'BF16'] as const
export type ServedDtype = (typeof servedDtypes)[number]

export const bytesPerElement: Readonly<Record<ServedDtype, number>> = { F32: 4, F16: 2, BF16: 2 }

/** Little-endian elements of a checkpoint as float32. A whole number of elements; the bytes may be given back as they are. */
export function toFloat32(bytes: Uint8Array, dtype: ServedDtype): Float32Array {
  if (dtype === 'F32') {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
    return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4)
  }
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes)
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2)
  const wide = new Float32Array(halves.length)
  if (dtype === 'F16') {
    wide.set(new Float16Array(aligned.buffer, aligned.byteOffset, halves.length))
    return wide
  }
  const bits = new Uint32Array(wide.buffer)
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16
  return wide
}
