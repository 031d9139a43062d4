import { Pool } from 'undici'
import { ServiceError } from '../errors.ts'
import type { ProblemDocument } from '../errors.ts'
import type { ComputeChunk } from './runner.ts'

/** Chunks are computed by the workers: they go through the gateway's private socket and wait behind everybody else. */
export function computeThroughGateway(socketPath: string): ComputeChunk {
  const pool = new Pool('http://gateway', { socketPath, connections: null, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  return async ({ kind, request, from, to }, signal) => {
    const { statusCode, body } = await pool.request({
      method: 'POST', path: `/internal/experiments/${kind}/rows?from=${from}&to=${to}`, headers: { 'content-type': 'application/json' }, body: request, signal,
    }).catch((cause: unknown) => {
      throw new ServiceError('worker-lost', 'The connection to the workers was lost.', { cause })
    })
    const text = await body.text().catch((cause: unknown) => {
      throw new ServiceError('worker-lost', 'The connection to the workers was lost.', { cause })
    })
    if (statusCode === 200) return text
    throw errorOf(text)
  }
}

function errorOf(text: string): ServiceError {
  const { type: _type, title: _title, status: _status, instance: _instance, code, detail, errors, ...extra } = JSON.parse(text) as ProblemDocument
  return new ServiceError(code, detail, { places: errors, extra: extra as Record<string, number | string> })
}
