import type { AttentionRequest } from '../../attention/request.ts'
import { ServiceError, invalid } from '../../errors.ts'
import type { ErrorPlace } from '../../errors.ts'
import type { ModelKind } from '../../sources/chapter-3/spec.ts'
import { validateBody } from '../schemas/validate.ts'
import { AttentionBodies } from '../schemas/attention.ts'
import type { AttentionBody } from '../schemas/attention.ts'
import { readAttentionRequest } from './attention-request.ts'
import { checkParameters, presentationNames } from './presentation.ts'

type Reader = (text: string) => unknown

const number: Reader = (text) => (/^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text)
const boolean: Reader = (text) => (text === 'true' ? true : text === 'false' ? false : text)
const word: Reader = (text) => text
const words: Reader = (text) => text.split(',')
const numbers: Reader = (text) => text.split(',').map(number)
/** `0-31` */
const range: Reader = (text) => {
  const match = /^(\d+)-(\d+)$/.exec(text)
  return match === null ? text : [Number(match[1]), Number(match[2])]
}

/** Where each parameter belongs in the body, and how its text is read. */
const parameters: Readonly<Record<string, { place: readonly string[]; read: Reader }>> = {
  d_in: { place: ['model', 'd_in'], read: number },
  d_out: { place: ['model', 'd_out'], read: number },
  context_length: { place: ['model', 'context_length'], read: number },
  num_heads: { place: ['model', 'num_heads'], read: number },
  dropout: { place: ['model', 'dropout'], read: number },
  qkv_bias: { place: ['model', 'qkv_bias'], read: boolean },
  out_proj: { place: ['model', 'out_proj'], read: boolean },
  seed: { place: ['model', 'seed'], read: number },
  randn: { place: ['input', 'randn'], read: numbers },
  input_seed: { place: ['input', 'seed'], read: number },
  advance: { place: ['input', 'advance'], read: number },
  mode: { place: ['mode'], read: word },
  engine: { place: ['engine'], read: word },
  return: { place: ['return'], read: words },
  heads: { place: ['heads'], read: numbers },
  rows: { place: ['rows'], read: range },
  tensor_format: { place: ['tensor_format'], read: word },
  tokens: { place: ['tokens'], read: words },
}

/** Every parameter of the GET form. */
export const queryParameterNames: readonly string[] = [...new Set([...Object.keys(parameters), ...presentationNames])]

/** A seeded request as a query string: its parameters by name, lists comma-separated, booleans as true or false. */
export function readAttentionQuery(kind: ModelKind, query: Readonly<Record<string, unknown>>): AttentionRequest {
  if (Object.keys(query).length === 0) throw invalid('', 'has no parameters; d_in, d_out and randn are needed at least')
  checkParameters(query, queryParameterNames)
  const body: Record<string, unknown> = { model: {}, input: {} }
  for (const [
    name,
    {
      place: [group, key],
      read,
    },
  ] of Object.entries(parameters)) {
    const text = query[name]
    if (text === undefined) continue
    if (key === undefined) body[group!] = read(text)
    else (body[group!] as Record<string, unknown>)[key] = read(text)
  }
  try {
    validateBody(AttentionBodies[kind], body)
    return readAttentionRequest(kind, body as unknown as AttentionBody)
  } catch (error) {
    throw error instanceof ServiceError ? atParameters(error) : error
  }
}

/** An error's places in the body, told as the parameters that they came from. */
function atParameters(error: ServiceError): ServiceError {
  const places = error.places.map(({ path, message }): ErrorPlace => ({ path: parameterPath(path), message }))
  const [first] = places
  const detail = first === undefined ? error.message : `${first.path} ${first.message}`
  return new ServiceError(error.code, detail, { places, extra: error.extra, headers: error.headers })
}

function parameterPath(path: string): string {
  for (const [name, { place }] of Object.entries(parameters)) {
    const pointer = `/${place.join('/')}`
    if (path === pointer || path.startsWith(`${pointer}/`)) return `/${name}${path.slice(pointer.length)}`
  }
  return path === '/input' ? '/randn' : path
}
