import { call, client, mediaTypes } from '../api/client.ts'
import type { AttentionAnswer, Form } from '../api/client.ts'
import type { VegaLiteSpec } from '../../figures/spec.ts'
import { requestBody } from './config.ts'
import type { Body, Config } from './config.ts'

/** The body as the form has it: it may be wrong, and the service says where. */
function unchecked(body: unknown): never {
  return body as never
}

async function compute(config: Config, body: unknown, signal: AbortSignal): Promise<AttentionAnswer> {
  const { data } = await client.POST(`/attention/${config.kind}`, { body: unchecked(body), signal })
  // openapi-fetch gives a union of all the forms; the form asked for is JSON.
  return data as AttentionAnswer
}

/** Statistics and facts without the large tensors; wrong configurations fail here, with the places. */
export function computeSummary(config: Config, signal: AbortSignal): Promise<AttentionAnswer> {
  return compute(config, { ...requestBody(config), return: ['summary'] }, signal)
}

/** One query's row of one head, with all that it was computed from. */
export function computeRow(config: Config, head: number, query: number, signal: AbortSignal): Promise<AttentionAnswer> {
  return compute(
    config,
    { ...requestBody(config), heads: [head], rows: [query, query], return: ['queries', 'keys', 'scores', 'weights'] },
    signal,
  )
}

/** The picture's specification, the same that every other client gets. */
export async function figureSpec(config: Config, query: URLSearchParams, signal: AbortSignal): Promise<VegaLiteSpec> {
  const response = await call(attentionPath(config, query), {
    accept: mediaTypes.vegalite,
    body: requestBody(config),
    signal,
  })
  return (await response.json()) as VegaLiteSpec
}

/** The whole answer in a form to keep. */
export async function download(config: Config, form: Form, query: URLSearchParams | null): Promise<Blob> {
  const response = await call(attentionPath(config, query), { accept: mediaTypes[form], body: requestBody(config) })
  return response.blob()
}

export function attentionPath(config: Config, query: URLSearchParams | null): string {
  return `/attention/${config.kind}${query === null ? '' : `?${query.toString().replaceAll('%2C', ',')}`}`
}

/** The same computation as a GET link, or null where the input is not drawn from a seed. */
export function linkOf(config: Config, body: Body, query: URLSearchParams, form: Form): string | null {
  const input = body.input as { randn?: readonly unknown[]; seed?: unknown; advance?: unknown }
  const tokens = body.tokens as string[] | undefined
  if (input.randn === undefined) return null
  const { seed, ...model } = body.model
  const params = new URLSearchParams()
  const entries = {
    ...model,
    seed,
    randn: input.randn.join(','),
    input_seed: input.seed,
    advance: input.advance,
    mode: body.mode,
    engine: body.engine,
  }
  for (const [name, value] of Object.entries(entries)) if (value !== undefined) params.set(name, String(value))
  for (const [name, value] of query) params.set(name, value)
  params.set('format', form)
  // An encoded comma is part of a label, a literal one separates two.
  const labels = tokens === undefined ? '' : `&tokens=${tokens.map(encodeURIComponent).join(',')}`
  return attentionPath(config, params) + labels
}
