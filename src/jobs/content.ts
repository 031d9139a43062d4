import { createHash } from 'node:crypto'
import type { ExperimentRequest } from '../http/experiments/index.ts'

const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url')

/**
 * What is asked, by whom and of which version, as one text: two requests that fill in to the same experiment are the
 * same, however they were written.
 */
export function contentOf(caller: string, version: string, { config, returns }: ExperimentRequest): string {
  return hash(caller, version, JSON.stringify({ config, returns: [...returns].sort() }, plain))
}

/** The id of the job that was made of a content at the given attempt. */
export function idOf(content: string, attempt: number): string {
  return hash(content, String(attempt)).slice(0, 22)
}

/** Keys in order, so that the order in which a client wrote them is no matter; typed arrays as their bytes. */
function plain(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
