import { invalid } from '../../errors.ts'
import type { Floats } from '../../problem/operands.ts'
import type { GivenTensor } from '../../sources/given/source.ts'
import { sizeOf } from '../../tensor/tensor.ts'
import { decodeBase64, kindOf, plainObject, readShape, readTensor } from './tensor.ts'

/** Element types that base64 may hold, little-endian, and the bytes of one. */
const bytesOf = { float16: 2, bfloat16: 2, float32: 4, float64: 8 } as const
type Dtype = keyof typeof bytesOf
export const dtypes = Object.keys(bytesOf) as Dtype[]

interface Allowed {
  /** -Infinity may stand in base64: it hides a key. */
  readonly negativeInfinity?: boolean
}

/**
 * A tensor in any of its three forms, base64 with a `dtype`: half precision is widened, float64 kept. Throws a 400 that
 * names the place.
 */
export function readDtypeTensor(value: unknown, path: string, { negativeInfinity = false }: Allowed = {}): GivenTensor {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || !('base64' in value))
    return { ...readTensor(value, path), dtype: 'float32' }
  const object = plainObject(value, path, ['shape', 'base64', 'dtype'])
  const dtype = (object.dtype ?? 'float32') as Dtype
  if (!dtypes.includes(dtype)) throw invalid(`${path}/dtype`, `must be one of ${dtypes.join(', ')}`)
  const shape = readShape(object.shape, `${path}/shape`)
  const bytes = decodeBase64(object.base64, `${path}/base64`)
  const size = sizeOf(shape)
  if (bytes.length !== size * bytesOf[dtype])
    throw invalid(
      `${path}/base64`,
      `must hold ${size} ${dtype} values, ${size * bytesOf[dtype]} bytes as the shape says, not ${bytes.length} bytes`,
    )
  const data = decode[dtype](new Uint8Array(bytes).buffer)
  const isOverflow = dtype === 'float64' ? (x: number) => Number.isFinite(x) && !Number.isFinite(Math.fround(x)) : null
  for (let i = 0; i < size; i++) {
    const x = data[i]!
    if (!(Number.isFinite(x) || (negativeInfinity && x === -Infinity)))
      throw invalid(
        `${path}/base64`,
        `value ${i} is not a ${negativeInfinity ? 'number or -Infinity' : 'finite number'}`,
      )
    if (isOverflow?.(x)) throw invalid(`${path}/base64`, `value ${i} is more than float32 can hold`)
  }
  return { shape, data, dtype }
}

const decode: Readonly<Record<Dtype, (buffer: ArrayBuffer) => Floats>> = {
  float16: (buffer) => new Float32Array(new Float16Array(buffer)),
  bfloat16(buffer) {
    const halves = new Uint16Array(buffer)
    const words = new Uint32Array(halves.length)
    for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16
    return new Float32Array(words.buffer)
  },
  float32: (buffer) => new Float32Array(buffer),
  float64: (buffer) => new Float64Array(buffer),
}

/** Booleans nested, as `{ shape, data }`, or as base64 of bytes 0 and 1. Throws a 400 that names the place. */
export function readBooleans(value: unknown, path: string): { shape: readonly number[]; data: Uint8Array } {
  if (Array.isArray(value)) return readNestedBooleans(value, path)
  const object = plainObject(value, path, ['shape', 'data', 'base64'])
  if ('data' in object === 'base64' in object) throw invalid(path, 'must have either data or base64')
  const shape = readShape(object.shape, `${path}/shape`)
  const size = sizeOf(shape)
  if ('data' in object) {
    if (!Array.isArray(object.data))
      throw invalid(`${path}/data`, `must be an array of booleans, not ${kindOf(object.data)}`)
    if (object.data.length !== size)
      throw invalid(`${path}/data`, `must have ${size} booleans, as the shape says, not ${object.data.length}`)
    return { shape, data: Uint8Array.from(object.data, (each, i) => readBoolean(each, `${path}/data/${i}`)) }
  }
  const data = new Uint8Array(decodeBase64(object.base64, `${path}/base64`))
  if (data.length !== size)
    throw invalid(`${path}/base64`, `must hold ${size} bytes, as the shape says, not ${data.length}`)
  const wrong = data.findIndex((byte) => byte > 1)
  if (wrong !== -1) throw invalid(`${path}/base64`, `byte ${wrong} is ${data[wrong]}; it must be 0 or 1`)
  return { shape, data }
}

const maxDimensions = 4

function readNestedBooleans(value: readonly unknown[], path: string): { shape: readonly number[]; data: Uint8Array } {
  const shape: number[] = []
  for (let node: unknown = value; Array.isArray(node); node = node[0]) {
    if (shape.length === maxDimensions) throw invalid(path, `must not be nested deeper than ${maxDimensions} arrays`)
    if (node.length === 0) throw invalid(path + '/0'.repeat(shape.length), 'must not be empty')
    shape.push(node.length)
  }
  const leaves: number[] = []
  const walk = (node: unknown, depth: number, at: string): void => {
    if (depth === shape.length) return void leaves.push(readBoolean(node, at))
    if (!Array.isArray(node)) throw invalid(at, `must be an array, not ${kindOf(node)}`)
    if (node.length !== shape[depth])
      throw invalid(at, `must have ${shape[depth]} entries like the first one of its kind, not ${node.length}`)
    node.forEach((child, i) => walk(child, depth + 1, `${at}/${i}`))
  }
  walk(value, 0, path)
  return { shape, data: Uint8Array.from(leaves) }
}

function readBoolean(value: unknown, path: string): 0 | 1 {
  if (typeof value !== 'boolean') throw invalid(path, `must be true or false, not ${kindOf(value)}`)
  return value ? 1 : 0
}
