import { invalid } from '../../errors.ts'
import { sizeOf } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { NumberArray } from './number-array.ts'
import { decodeBase64, readShape, readTensor } from './tensor.ts'

/** What the classes name their buffers: one, or one a head. */
const maskName = /^(heads\.\d+\.)?mask$/

/**
 * The first mask of a state dict and its side, which is the model's context length; undefined where it has none.
 * Whether it is a mask is `checkMask`'s to say.
 */
export function maskIn(parameters: unknown): { readonly name: string; readonly side: number } | undefined {
  if (parameters === null || typeof parameters !== 'object') return undefined
  const found = Object.entries(parameters).find(([name]) => maskName.test(name))
  if (found === undefined) return undefined
  const [name, mask] = found as [string, { readonly shape?: readonly unknown[] } | readonly unknown[] | null]
  const side: unknown = Array.isArray(mask) ? mask.length : (mask as { shape?: readonly unknown[] } | null)?.shape?.[0]
  return Number.isSafeInteger(side) && (side as number) > 0 ? { name, side: side as number } : undefined
}

/**
 * A `mask` buffer must be the causal one: (context_length, context_length), 1 above the diagonal, 0 elsewhere, as
 * numbers, as booleans, or in base64 as float32 or as bytes.
 */
export function checkMask(value: unknown, contextLength: number, path: string): void {
  const mask = readMask(value, path)
  if (mask.shape.join() !== [contextLength, contextLength].join())
    throw invalid(path, `must be (${contextLength}, ${contextLength}), not (${mask.shape.join(', ')})`)
  for (let query = 0; query < contextLength; query++) {
    for (let key = 0; key < contextLength; key++) {
      if (mask.data[query * contextLength + key] !== (key > query ? 1 : 0))
        throw invalid(path, 'must be the causal mask: 1 above the diagonal, 0 elsewhere')
    }
  }
}

function readMask(value: unknown, path: string): Tensor {
  if (value === null || typeof value !== 'object' || value instanceof NumberArray) return readTensor(value, path)
  if (Array.isArray(value)) return readTensor(asNumbers(value), path)
  const { data, base64, shape: plainShape } = value as Record<string, unknown>
  if (Array.isArray(data)) return readTensor({ ...value, data: asNumbers(data) }, path)
  if (typeof base64 !== 'string' || 'data' in value) return readTensor(value, path)
  const shape = readShape(plainShape, `${path}/shape`)
  const bytes = decodeBase64(base64, `${path}/base64`)
  return bytes.length === sizeOf(shape) ? { shape, data: Float32Array.from(bytes) } : readTensor(value, path)
}

/** Nested arrays with true and false as 1 and 0. */
function asNumbers(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asNumbers)
  return typeof node === 'boolean' ? Number(node) : node
}
