import { boolean, names, number, numbers, one, range, texts, word } from '../read/link.ts'
import type { QueryForm } from '../read/link.ts'
import { plainListIn } from '../read/query-string.ts'

/** A number, `upper_left` or `lower_right`. */
const numberOrWord = one((text) => number(text))
/** `standard`, or numbers. */
const numbersOrWord: QueryForm['parameters'][string]['read'] = (query, name) => {
  const items = plainListIn(query, name)!
  return items.length === 1 && items[0] === 'standard' ? 'standard' : items.map(number)
}
/** `128,0`, or `128,` where one side is unbounded. */
const sides: QueryForm['parameters'][string]['read'] = (query, name) =>
  plainListIn(query, name)!.map((text) => (text === '' ? null : number(text)))

/** The GET form: shapes of drawn queries, keys and values as q, k and v, and the rules that are a number or a few. */
export const scaledDotProductQuery: QueryForm = {
  parameters: {
    q: { place: ['queries', 'randn'], read: numbers },
    k: { place: ['keys', 'randn'], read: numbers },
    v: { place: ['values', 'randn'], read: numbers },
    q_seed: { place: ['queries', 'seed'], read: one(number) },
    k_seed: { place: ['keys', 'seed'], read: one(number) },
    v_seed: { place: ['values', 'seed'], read: one(number) },
    scale: { place: ['scale'], read: one(number) },
    softcap: { place: ['softcap'], read: one(number) },
    causal: { place: ['mask', 'causal'], read: one(boolean) },
    alignment: { place: ['mask', 'alignment'], read: numberOrWord },
    window: { place: ['mask', 'window'], read: sides },
    key_lengths: { place: ['mask', 'key_lengths'], read: numbers },
    alibi_slopes: { place: ['alibi_slopes'], read: numbersOrWord },
    sinks: { place: ['sinks'], read: numbers },
    rotary_theta: { place: ['rotary', 'theta'], read: one(number) },
    rotary_dim: { place: ['rotary', 'dim'], read: one(number) },
    rotary_interleaved: { place: ['rotary', 'interleaved'], read: one(boolean) },
    rotary_offset: { place: ['rotary', 'offset'], read: one(number) },
    dropout: { place: ['dropout', 'p'], read: one(number) },
    dropout_seed: { place: ['dropout', 'seed'], read: one(number) },
    return: { place: ['return'], read: names },
    heads: { place: ['heads'], read: numbers },
    rows: { place: ['rows'], read: one(range) },
    keys: { place: ['keys_range'], read: one(range) },
    tensor_format: { place: ['tensor_format'], read: word },
    engine: { place: ['engine'], read: word },
    tokens: { place: ['tokens'], read: texts },
    key_tokens: { place: ['key_tokens'], read: texts },
  },
  lists: ['q', 'k', 'v', 'window', 'key_lengths', 'alibi_slopes', 'sinks', 'return', 'heads', 'tokens', 'key_tokens'],
  groups: [],
  needed: 'q and k',
  otherPlaces: { '/queries': '/q', '/keys': '/k', '/values': '/v' },
}
