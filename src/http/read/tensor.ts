import { invalid } from '../../errors.ts'
import { sizeOf } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { float32Limit, NumberArray } from './number-array.ts'

const maxDimensions = 4

/** An object with no keys but these, or a 400 that names the first other one. */
export function plainObject(value: unknown, path: string, keys?: readonly string[]): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw invalid(path, `must be an object, not ${kindOf(value)}`)
  for (const key of keys ? Object.keys(value) : []) {
    if (!keys!.includes(key))
      throw invalid(`${path}/${pointerToken(key)}`, `is not known here; known are ${keys!.join(', ')}`)
  }
  return value as Record<string, unknown>
}

/** A key as a part of a JSON pointer (RFC 6901). */
export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 128)
}

/** A tensor in any of its three forms: nested arrays, `{ shape, data }`, `{ shape, base64 }`. */
export function readTensor(value: unknown, path: string): Tensor {
  if (value instanceof NumberArray) return { shape: value.shape, data: value.data }
  if (Array.isArray(value)) return readNested(value, path)
  const object = plainObject(value, path, ['shape', 'data', 'base64'])
  if ('data' in object === 'base64' in object) throw invalid(path, 'must have either data or base64')
  const shape = readShape(object.shape, `${path}/shape`)
  return 'data' in object
    ? readFlat(object.data, shape, `${path}/data`)
    : readBase64(object.base64, shape, `${path}/base64`)
}

/** Whether a value is nested arrays, in either form that a body's parser leaves them in. */
export function isArray(value: unknown): boolean {
  return Array.isArray(value) || value instanceof NumberArray
}

/** A list of axis lengths, each a whole number of at least 1. */
export function readShape(value: unknown, path: string): number[] {
  if (!Array.isArray(value))
    throw invalid(path, value === undefined ? 'is missing' : `must be an array of lengths, not ${kindOf(value)}`)
  if (value.length < 1 || value.length > maxDimensions) throw invalid(path, `must have 1 to ${maxDimensions} lengths`)
  value.forEach((length, i) => {
    if (!Number.isSafeInteger(length) || length < 1)
      throw invalid(`${path}/${i}`, `must be a whole number of at least 1, not ${kindOf(length)}`)
  })
  return value as number[]
}

/** Nested arrays, validated and flattened in one pass. */
export function readNested(value: readonly unknown[], path: string): Tensor {
  const shape: number[] = []
  for (let node: unknown = value; Array.isArray(node); node = node[0]) {
    if (shape.length === maxDimensions) throw invalid(path, `must not be nested deeper than ${maxDimensions} arrays`)
    if (node.length === 0) throw invalid(path + '/0'.repeat(shape.length), 'must not be empty')
    shape.push(node.length)
  }
  // A ragged array may claim more than it has: trust its rows one by one and never more memory than its first path
  // says.
  const size = sizeOf(shape)
  const leaves = countLeaves(value, shape, 0, path)
  if (leaves !== size) throw invalid(path, 'must not be ragged')
  const data = new Float32Array(size)
  fill(value, shape, 0, data, 0, path)
  return { shape, data }
}

/** Number of numbers below `node`; throws where a row has another length than the first one. */
function countLeaves(node: readonly unknown[], shape: readonly number[], depth: number, path: string): number {
  if (node.length !== shape[depth])
    throw invalid(path, `must have ${shape[depth]} entries like the first one of its kind, not ${node.length}`)
  if (depth === shape.length - 1) return node.length
  let leaves = 0
  for (let i = 0; i < node.length; i++) {
    const child = node[i]
    if (!Array.isArray(child)) throw invalid(`${path}/${i}`, `must be an array, not ${kindOf(child)}`)
    leaves += countLeaves(child, shape, depth + 1, `${path}/${i}`)
  }
  return leaves
}

function fill(
  node: readonly unknown[],
  shape: readonly number[],
  depth: number,
  data: Float32Array,
  start: number,
  path: string,
): number {
  if (depth < shape.length - 1) {
    let at = start
    for (let i = 0; i < node.length; i++) at = fill(node[i] as unknown[], shape, depth + 1, data, at, `${path}/${i}`)
    return at
  }
  for (let i = 0; i < node.length; i++) data[start + i] = readNumber(node[i], path, i)
  return start + node.length
}

function readFlat(value: unknown, shape: readonly number[], path: string): Tensor {
  if (!isArray(value)) throw invalid(path, `must be an array of numbers, not ${kindOf(value)}`)
  const size = sizeOf(shape)
  const numbers = value instanceof NumberArray ? value.data : (value as unknown[])
  if (numbers.length !== size)
    throw invalid(path, `must have ${size} numbers, as the shape says, not ${numbers.length}`)
  if (numbers instanceof Float32Array) return { shape, data: numbers }
  const data = new Float32Array(size)
  for (let i = 0; i < size; i++) data[i] = readNumber(numbers[i], path, i)
  return { shape, data }
}

export function decodeBase64(value: unknown, path: string): Buffer {
  if (typeof value !== 'string') throw invalid(path, `must be a string, not ${kindOf(value)}`)
  const bytes = Buffer.from(value, 'base64')
  const padding = (3 - (bytes.length % 3)) % 3
  if (value.length !== ((bytes.length + padding) / 3) * 4 || !isBase64(value))
    throw invalid(path, 'must be base64 (RFC 4648, with its padding, no line breaks)')
  return bytes
}

/** Little-endian float32, in base64 with its padding (RFC 4648, section 4). */
function readBase64(value: unknown, shape: readonly number[], path: string): Tensor {
  const bytes = decodeBase64(value, path)
  const size = sizeOf(shape)
  if (bytes.length !== size * 4)
    throw invalid(
      path,
      `must hold ${size} float32 values, ${size * 4} bytes as the shape says, not ${bytes.length} bytes`,
    )
  const data = new Float32Array(size)
  new Uint8Array(data.buffer).set(bytes) // every platform that Node runs on is little-endian
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(data[i]!)) throw invalid(path, `value ${i} is not a finite number`)
  }
  return { shape, data }
}

function isBase64(value: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(value)
}

function readNumber(value: unknown, path: string, index: number): number {
  if (typeof value === 'number' && value < float32Limit && value > -float32Limit) return value
  if (typeof value === 'number') throw invalid(`${path}/${index}`, 'must be a number that float32 can hold')
  throw invalid(`${path}/${index}`, `must be a number, not ${kindOf(value)}`)
}

/** What a JSON value is, in words; never the value itself, which may be long. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number too large'
  return typeof value === 'string' ? 'a string' : `${String(value)}`
}
