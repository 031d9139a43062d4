import { boolean, names, number, numbers, one, readLink, word } from '../read/link.ts'
import type { QueryForm } from '../read/link.ts'
import { plainListIn } from '../read/query-string.ts'
import { validateBody } from '../schemas/validate.ts'
import { ModelAttentionBody } from './schema.ts'
import type { ModelAttentionRequest } from './schema.ts'

/** `0-31`, or `-8--1` from the end. */
const range = one((text) => {
  const [, first, last] = /^(-?\d+)-(-?\d+)$/.exec(text) ?? []
  return first === undefined ? text : [Number(first), Number(last)]
})
/** `all`, or layers. */
const layers: QueryForm['parameters'][string]['read'] = (query, name) => {
  const items = plainListIn(query, name)!
  return items.length === 1 && items[0] === 'all' ? 'all' : items.map(number)
}
/** `5.1,10.7`: layer and head. */
const pairs: QueryForm['parameters'][string]['read'] = (query, name) =>
  plainListIn(query, name)!.map((text) => text.split('.').map(number))

const form: QueryForm = {
  parameters: {
    text: { place: ['text'], read: word },
    token_ids: { place: ['token_ids'], read: numbers },
    special_tokens: { place: ['special_tokens'], read: one(boolean) },
    layers: { place: ['layers'], read: layers },
    heads: { place: ['heads'], read: numbers },
    pairs: { place: ['pairs'], read: pairs },
    rows: { place: ['rows'], read: range },
    keys: { place: ['keys_range'], read: range },
    return: { place: ['return'], read: names },
    engine: { place: ['engine'], read: word },
    tensor_format: { place: ['tensor_format'], read: word },
  },
  lists: ['token_ids', 'layers', 'heads', 'pairs', 'return'],
  groups: [],
  needed: 'text or token_ids',
  otherPlaces: {},
}

/** A model's attention as a link. */
export function readModelLink(query: Parameters<typeof readLink>[0]): ModelAttentionRequest {
  return readLink(query, form, (body) => {
    validateBody(ModelAttentionBody, body)
    return body as unknown as ModelAttentionRequest
  })
}
