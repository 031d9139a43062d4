import type { AttentionRequest } from '../../attention/request.ts'
import { ServiceError, invalid } from '../../errors.ts'
import type { ErrorPlace } from '../../errors.ts'
import type { ModelKind } from '../../sources/chapter-3/spec.ts'
import { validateBody } from '../schemas/validate.ts'
import { AttentionBodies } from '../schemas/attention.ts'
import type { AttentionBody } from '../schemas/attention.ts'
import { readAttentionRequest } from './attention-request.ts'
import { checkParameters, presentationLists, presentationNames } from './presentation.ts'
import { listIn, plainListIn } from './query-string.ts'
import type { Query } from './query-string.ts'

/** What a parameter's value is in the body. */
type Reader = (query: Query, name: string) => unknown

const number = (text: string): unknown => (/^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text)
const boolean = (text: string): unknown => (text === 'true' ? true : text === 'false' ? false : text)
/** `0-31` */
const range = (text: string): unknown => {
  const match = /^(\d+)-(\d+)$/.exec(text)
  return match === null ? text : [Number(match[1]), Number(match[2])]
}

const one =
  (read: (text: string) => unknown): Reader =>
  (query, name) =>
    read(query[name] as string)
const word = one((text) => text)
const names: Reader = (query, name) => plainListIn(query, name)
const numbers: Reader = (query, name) => plainListIn(query, name)!.map(number)
const texts: Reader = (query, name) => listIn(query, name)

/** Where each parameter belongs in the body, and how its text is read. */
const parameters: Readonly<Record<string, { place: readonly string[]; read: Reader }>> = {
  d_in: { place: ['model', 'd_in'], read: one(number) },
  d_out: { place: ['model', 'd_out'], read: one(number) },
  context_length: { place: ['model', 'context_length'], read: one(number) },
  num_heads: { place: ['model', 'num_heads'], read: one(number) },
  dropout: { place: ['model', 'dropout'], read: one(number) },
  qkv_bias: { place: ['model', 'qkv_bias'], read: one(boolean) },
  out_proj: { place: ['model', 'out_proj'], read: one(boolean) },
  seed: { place: ['model', 'seed'], read: one(number) },
  randn: { place: ['input', 'randn'], read: numbers },
  input_seed: { place: ['input', 'seed'], read: one(number) },
  advance: { place: ['input', 'advance'], read: one(number) },
  mode: { place: ['mode'], read: word },
  engine: { place: ['engine'], read: word },
  return: { place: ['return'], read: names },
  heads: { place: ['heads'], read: numbers },
  rows: { place: ['rows'], read: one(range) },
  tensor_format: { place: ['tensor_format'], read: word },
  tokens: { place: ['tokens'], read: texts },
}

/** The parameters that are lists. */
const listNames: readonly string[] = ['randn', 'return', 'heads', 'tokens', ...presentationLists]

/** Every parameter of the GET form. */
export const queryParameterNames: readonly string[] = [...new Set([...Object.keys(parameters), ...presentationNames])]

/** A seeded request as a query string: its parameters by name, lists comma-separated, booleans as true or false. */
export function readAttentionQuery(kind: ModelKind, query: Query): AttentionRequest {
  if (Object.keys(query).length === 0) throw invalid('', 'has no parameters; d_in, d_out and randn are needed at least')
  checkParameters(query, queryParameterNames, listNames)
  const body: Record<string, unknown> = { model: {}, input: {} }
  for (const [
    name,
    {
      place: [group, key],
      read,
    },
  ] of Object.entries(parameters)) {
    if (query[name] === undefined) continue
    const value = read(query, name)
    if (key === undefined) body[group!] = value
    else (body[group!] as Record<string, unknown>)[key] = value
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
