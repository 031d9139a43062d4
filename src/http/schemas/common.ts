import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'

/**
 * Marks a part of a body that is read by our own code instead of Ajv, because it is large (every number of a tensor)
 * or because a union's errors would name no place. The documents show the whole schema; the validator sees `true`.
 */
export const readByHand = 'x-read-by-hand'

/** A part that is read by hand: the documents show its schema, and until it is read it may be anything. */
export const byHand = (schema: TSchema) => Type.Unsafe<unknown>({ ...schema, [readByHand]: true })

/** One of some words. */
export const literals = <Name extends string>(names: readonly Name[], options: object = {}) =>
  Type.Union(
    names.map((name) => Type.Literal(name)),
    options,
  )

/** A schema as the validator sees it: parts that are read by hand accept anything. */
export function validatedPart(schema: TSchema): TSchema {
  const strip = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(strip)
    if (node === null || typeof node !== 'object') return node
    if ((node as Record<string, unknown>)[readByHand] === true) return {}
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, strip(value)]))
  }
  return strip(schema) as TSchema
}

/** The greatest seed: every whole number that a JSON number carries exactly. */
export const maxSeed = Number.MAX_SAFE_INTEGER

/** Seeds where a request names none: two, since a model and an input of one seed share their random numbers. */
export const defaultSeed = 42
export const defaultInputSeed = 43

/** Greatest length of one axis; what really fits is decided by the estimate of memory. */
export const maxLength = 2 ** 31 - 1

export const Seed = (defaultSeed: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: maxSeed, default: defaultSeed, description })

/** Nested arrays of numbers; a masked score or a value that JSON has no word for is null. */
const Numbers = Type.Array(Type.Union([Type.Number(), Type.Null()]))
const NestedNumbers = (depth: number): TSchema => (depth === 1 ? Numbers : Type.Array(NestedNumbers(depth - 1)))

const Shape = Type.Array(Type.Integer({ minimum: 0, maximum: maxLength }), { minItems: 1, maxItems: 4 })

export const FlatTensor = Type.Object(
  { shape: Shape, data: Numbers },
  { additionalProperties: false, title: 'FlatTensor', description: 'Row-major.' },
)
export const Base64Tensor = Type.Object(
  { shape: Shape, base64: Type.String({ contentEncoding: 'base64' }) },
  { additionalProperties: false, title: 'BinaryTensor', description: 'Little-endian float32, row-major.' },
)

/** A tensor in an answer, in the form that `tensor_format` asks for. */
export const AnswerTensor = (depth: number, description: string) =>
  Type.Union([NestedNumbers(depth), FlatTensor, Base64Tensor], { description })

const FiniteNested = (depth: number): TSchema =>
  depth === 0 ? Type.Number() : Type.Array(FiniteNested(depth - 1), { minItems: 1 })
const GivenFlat = Type.Object({ shape: Shape, data: Type.Array(Type.Number()) }, { additionalProperties: false })

/** A tensor in a request: nested, flat or base64. */
export const GivenTensor = Type.Union(
  [FiniteNested(2), FiniteNested(1), GivenFlat, Base64Tensor, Type.Array(Type.Array(Type.Boolean()))],
  { title: 'GivenTensor', description: 'Booleans are for mask buffers alone.' },
)

/** Options of an object in a request: what is not named here is refused. */
export const strict = { additionalProperties: false } as const
