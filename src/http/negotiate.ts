import Negotiator from 'negotiator'
import { ServiceError } from '../errors.ts'

/** The forms an answer can take, by their short names in `format=`. */
export const mediaTypes = {
  json: 'application/json',
  npz: 'application/x-npz',
  vegalite: 'application/vnd.vegalite.v6+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
} as const
export type Form = keyof typeof mediaTypes

/** A parameter of a media range, such as `; charset=utf-8` or `; header="a,b"`. */
const parameter = /;\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s]*)/g

/**
 * The form that a client accepts best, out of those that a route can make. JSON also where Accept is missing or empty,
 * for any type, and for text/html, which is a person opening a link. A parameter does not make a media type another
 * one, since each form is made in one way only: all but the weight `q` are passed over. Throws `not-acceptable`.
 */
export function chooseForm<F extends Form>(accept: string | undefined, forms: readonly F[]): F | 'json' {
  if (accept === undefined || accept === '*/*' || accept === mediaTypes.json || accept.trim() === '') return 'json'
  const ranges = accept.toLowerCase().replace(parameter, (whole, name) => (name === 'q' ? whole : ''))
  const offered = [...forms.map((form) => mediaTypes[form] as string), 'text/html']
  const best = new Negotiator({ headers: { accept: ranges } }).mediaType(offered)
  if (best === 'text/html') return 'json'
  const form = forms.find((name) => mediaTypes[name] === best)
  if (form === undefined)
    throw new ServiceError('not-acceptable', `The answer can be ${forms.map((name) => mediaTypes[name]).join(', ')}.`)
  return form
}
