import type { AttentionRequest } from '../../attention/request.ts'
import type { ModelKind } from '../../sources/chapter-3/spec.ts'
import { AttentionBodies } from '../schemas/attention.ts'
import type { AttentionBody } from '../schemas/attention.ts'
import { validateBody } from '../schemas/validate.ts'
import { readAttentionRequest } from './attention-request.ts'
import { boolean, names, number, numbers, one, range, readLink, texts, word } from './link.ts'
import type { QueryForm } from './link.ts'
import type { Query } from './query-string.ts'

/** Where each parameter belongs in the body, and how its text is read. */
const parameters: QueryForm['parameters'] = {
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

const form: QueryForm = {
  parameters,
  lists: ['randn', 'return', 'heads', 'tokens'],
  groups: ['model', 'input'],
  needed: 'd_in, d_out and randn',
  otherPlaces: { '/input': '/randn' },
}

/** A seeded request as a query string: its parameters by name, lists comma-separated, booleans as true or false. */
export function readAttentionQuery(kind: ModelKind, query: Query): AttentionRequest {
  return readLink(query, form, (body) => {
    validateBody(AttentionBodies[kind], body)
    return readAttentionRequest(kind, body as unknown as AttentionBody)
  })
}
