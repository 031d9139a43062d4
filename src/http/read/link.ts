import { ServiceError, invalid } from '../../errors.ts'
import type { ErrorPlace } from '../../errors.ts'
import { checkParameters, presentationLists, presentationNames } from './presentation.ts'
import { listIn, plainListIn } from './query-string.ts'
import type { Query } from './query-string.ts'

/** What a parameter's value is in the body. */
export type Reader = (query: Query, name: string) => unknown

export const number = (text: string): unknown => (/^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text)
export const boolean = (text: string): unknown => (text === 'true' ? true : text === 'false' ? false : text)
/** `0-31` */
export const range = (text: string): unknown => {
  const match = /^(\d+)-(\d+)$/.exec(text)
  return match === null ? text : [Number(match[1]), Number(match[2])]
}

export const one =
  (read: (text: string) => unknown): Reader =>
  (query, name) =>
    read(query[name] as string)
export const word = one((text) => text)
export const names: Reader = (query, name) => plainListIn(query, name)
export const numbers: Reader = (query, name) => plainListIn(query, name)!.map(number)
export const texts: Reader = (query, name) => listIn(query, name)

/** Where each parameter of a link belongs in the body, and how its text is read. */
export interface QueryForm {
  readonly parameters: Readonly<Record<string, { readonly place: readonly string[]; readonly read: Reader }>>
  /** Those that are lists. */
  readonly lists: readonly string[]
  /** Groups of the body that are there even when nothing of them is said. */
  readonly groups: readonly string[]
  /** What a link without any parameter is told. */
  readonly needed: string
  /** A place of the body that no parameter has, as the parameter that a client would look for. */
  readonly otherPlaces: Readonly<Record<string, string>>
}

/** The body that a link stands for, handed to `read`; what is wrong with it is told by the parameters' names. */
export function readLink<Request>(
  query: Query,
  form: QueryForm,
  read: (body: Record<string, unknown>) => Request,
): Request {
  if (Object.keys(query).length === 0) throw invalid('', `has no parameters; ${form.needed} are needed at least`)
  checkParameters(
    query,
    [...new Set([...Object.keys(form.parameters), ...presentationNames])],
    [...form.lists, ...presentationLists],
  )
  const body: Record<string, unknown> = Object.fromEntries(form.groups.map((group) => [group, {}]))
  for (const [name, { place, read: readText }] of Object.entries(form.parameters)) {
    if (query[name] === undefined) continue
    let holder = body
    for (const group of place.slice(0, -1)) holder = (holder[group] ??= {}) as Record<string, unknown>
    holder[place.at(-1)!] = readText(query, name)
  }
  try {
    return read(body)
  } catch (error) {
    throw error instanceof ServiceError ? atParameters(error, form) : error
  }
}

/** An error's places in the body, told as the parameters that they came from. */
function atParameters(error: ServiceError, form: QueryForm): ServiceError {
  const places = error.places.map(({ path, message }): ErrorPlace => ({ path: parameterPath(path, form), message }))
  const [first] = places
  const detail = first === undefined ? error.message : `${first.path} ${first.message}`
  return new ServiceError(error.code, detail, { places, extra: error.extra, headers: error.headers })
}

function parameterPath(path: string, { parameters, otherPlaces }: QueryForm): string {
  for (const [name, { place }] of Object.entries(parameters)) {
    const pointer = `/${place.join('/')}`
    if (path === pointer || path.startsWith(`${pointer}/`)) return `/${name}${path.slice(pointer.length)}`
  }
  return otherPlaces[path] ?? path
}
