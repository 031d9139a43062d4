import { parse, unescape } from 'node:querystring'

/** The query string itself, kept beside its parameters: only there a comma that separates differs from an encoded one. */
const raw = Symbol('raw query string')

/** A query's parameters by name: a text each, several where it is given more than once. */
export type Query = Readonly<Record<string, unknown>> & { readonly [raw]?: string }

export function parseQueryString(text: string): Query {
  return Object.defineProperty({ ...parse(text, '&', '=', { maxKeys: 0 }) }, raw, { value: text })
}

/**
 * The items of a parameter that is a list: `tokens=a,b`, `tokens=a&tokens=b`. They are separated by literal commas
 * alone; an encoded one, %2C, belongs to its item. Undefined where the parameter is not given.
 */
export function listIn(query: Query, name: string): string[] | undefined {
  if (query[name] === undefined) return undefined
  return (query[raw] ?? '')
    .split('&')
    .map((pair) => [pair, pair.indexOf('=')] as const)
    .filter(([pair, equals]) => decoded(equals === -1 ? pair : pair.slice(0, equals)) === name)
    .flatMap(([pair, equals]) => (equals === -1 ? '' : pair.slice(equals + 1)).split(',').map(decoded))
}

/**
 * The items of a list in which no item can have a comma, such as one of numbers. A client that encodes whole values
 * (forms, URLSearchParams, Python's requests) encodes the commas between them too: then these separate.
 */
export function plainListIn(query: Query, name: string): string[] | undefined {
  const items = listIn(query, name)
  return items?.length === 1 ? items[0]!.split(',') : items
}

function decoded(text: string): string {
  return unescape(text.replaceAll('+', ' '))
}
