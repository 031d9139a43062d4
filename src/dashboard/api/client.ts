import createClient from 'openapi-fetch'
import type { components, paths } from '../../../build/types/openapi.d.ts'
import { askKey, forgetKey, savedKey } from './key.ts'
import { problemOf, unreachable } from './problem.ts'

export type AttentionAnswer = components['schemas']['AttentionAnswer']
export type EnginesAnswer = components['schemas']['EnginesAnswer']
export type Kind = AttentionAnswer['model']['kind']

/** This script lies one folder below the service's own address, built or not. */
const { url: scriptUrl } = import.meta

/** Where the service is, which may be below a path of a reverse proxy; without a slash at its end. */
export const baseUrl = new URL('..', scriptUrl).href.replace(/\/$/, '')

function withKey(request: Request): Request {
  const key = savedKey()
  if (key !== null) request.headers.set('authorization', `Bearer ${key}`)
  return request
}

/** Fetches with the key of this tab; asks for one where the service wants it. Throws ApiProblem, or AbortError. */
async function send(request: Request): Promise<Response> {
  for (;;) {
    const key = savedKey()
    const attempt = withKey(request.clone())
    let response: Response
    try {
      response = await fetch(attempt)
    } catch (error) {
      if (request.signal.aborted) throw error
      throw unreachable()
    }
    if (response.status !== 401) {
      if (response.ok) return response
      throw await problemOf(response)
    }
    // Another call may have got a key in the meantime.
    if (savedKey() !== key) continue
    if (key !== null) forgetKey()
    if ((await askKey(key !== null)) === null) throw await problemOf(response)
  }
}

/** The service by its own description; every failure is an ApiProblem. */
export const client = createClient<paths>({ baseUrl, fetch: send })

/** A call of an address that the service handed out, or of a form that is no JSON. */
export function call(
  path: string,
  init: {
    method?: string
    accept?: string
    body?: unknown
    headers?: Readonly<Record<string, string>>
    signal?: AbortSignal | undefined
  } = {},
): Promise<Response> {
  return send(
    new Request(`${baseUrl}${path}`, {
      method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
      headers: {
        accept: init.accept ?? 'application/json',
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    }),
  )
}

export const mediaTypes = {
  json: 'application/json',
  npz: 'application/x-npz',
  vegalite: 'application/vnd.vegalite.v6+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  csv: 'text/csv',
} as const
export type Form = keyof typeof mediaTypes
