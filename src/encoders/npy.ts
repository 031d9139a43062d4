/**
 * The header of a .npy file, version 1.0 (numpy.lib.format): magic, version, length, a Python dict padded to 64 bytes.
 */
export function npyHeader(descr: string, shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`
  const unpadded = 10 + dict.length + 1
  const text = dict + ' '.repeat((64 - (unpadded % 64)) % 64) + '\n'
  const header = Buffer.alloc(10)
  header.write('\x93NUMPY', 'latin1')
  header.writeUInt8(1, 6)
  header.writeUInt8(0, 7)
  header.writeUInt16LE(text.length, 8)
  return Buffer.concat([header, Buffer.from(text, 'latin1')])
}

/** A text as a .npy file: an array of no axes that holds one string of UCS-4 code points. */
export function npyText(text: string): Buffer {
  const points = Uint32Array.from(text, (character) => character.codePointAt(0)!)
  return Buffer.concat([npyHeader(`<U${points.length}`, []), Buffer.from(points.buffer)])
}
