import { Type } from '@sinclair/typebox'
import { tensorFormats } from '../../attention/presentation.ts'
import type { Presentation, Range, TensorFormat } from '../../attention/presentation.ts'
import { invalid } from '../../errors.ts'
import type { ProblemSize } from '../../problem/size.ts'
import { literals, maxLength } from '../schemas/common.ts'

const labels = (description: string) =>
  Type.Array(Type.String({ maxLength: 256 }), { minItems: 1, maxItems: 65_536, description })

export const heads = (options: object = {}) =>
  Type.Array(Type.Integer({ minimum: 0, maximum: maxLength, ...options }), {
    minItems: 1,
    maxItems: 65_536,
    uniqueItems: true,
    description: 'Only these heads.',
  })

/** The first and the last of some positions. */
export const firstAndLast = (description: string, options: object = {}) =>
  Type.Array(Type.Integer({ minimum: 0, maximum: maxLength, ...options }), { minItems: 2, maxItems: 2, description })

export const TensorFormatBody = literals(tensorFormats, { default: 'nested' })
export const tokens = labels

/** Members of a body that say what of the maps is shown, how rows and keys are called, and how tensors are written. */
export interface PresentationMembers {
  readonly heads?: readonly number[]
  readonly rows?: readonly number[]
  readonly keys_range?: readonly number[]
  readonly tensor_format?: TensorFormat
  readonly tokens?: readonly string[]
  readonly key_tokens?: readonly string[]
}

/** How a kind of request calls its rows. */
interface Words {
  readonly count: string
  readonly last: string
  readonly one: string
}
const queryWords: Words = { count: 'the number of queries', last: 'the last one', one: 'query' }

/**
 * What is shown of a result, its members held against the sizes of the problem. Throws a 400 that names the place.
 * @param words how a row is called where queries and keys are the same positions
 */
export function readPresentationMembers(
  body: PresentationMembers,
  size: ProblemSize,
  words: Words = queryWords,
): Presentation {
  const { heads: shown, rows, keys_range: keys, tokens: ofQueries = null, key_tokens: ofKeys } = body
  shown?.forEach((head, i) => {
    if (head >= size.heads) throw invalid(`/heads/${i}`, `must be below the number of heads, ${size.heads}`)
  })
  return {
    heads: shown ?? null,
    rows: range(rows, '/rows', size.queries, words),
    keys: range(keys, '/keys_range', size.keys, { ...queryWords, count: 'the number of keys' }),
    tensorFormat: body.tensor_format ?? 'nested',
    tokens: checked(ofQueries, '/tokens', size.queries, words.one),
    keyTokens: checked(ofKeys ?? (size.queries === size.keys ? ofQueries : null), '/key_tokens', size.keys, 'key'),
  }
}

function range(
  given: readonly number[] | undefined,
  path: string,
  length: number,
  { count, last }: Words,
): Range | null {
  if (given === undefined) return null
  const [first, end] = given as [number, number]
  if (end >= length) throw invalid(`${path}/1`, `must be below ${count}, ${length}`)
  if (first > end) throw invalid(`${path}/0`, `must not be after ${last}`)
  return [first, end]
}

function checked(given: readonly string[] | null, path: string, count: number, one: string): readonly string[] | null {
  if (given !== null && given.length !== count)
    throw invalid(path, `must be ${count} labels, one a ${one}, not ${given.length}`)
  return given
}
