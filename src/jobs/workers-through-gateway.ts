import { Pool } from 'undici'
import type { Availability } from '../engines/select.ts'
import { ServiceError } from '../errors.ts'
import type { ProblemDocument } from '../errors.ts'
import type { ComputingSide } from './computing-side.ts'
import type { ComputeChunk } from './runner.ts'

/** The workers, reached through the gateway's private socket. */
export function workersThroughGateway(socketPath: string): ComputingSide {
  const pool = new Pool('http://gateway', {
    socketPath,
    connections: null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return { compute: computeOn(pool), engines: () => enginesOf(pool) }
}

async function enginesOf(pool: Pool): Promise<readonly Availability[]> {
  const { body } = await pool.request({ method: 'GET', path: '/engines' })
  return ((await body.json()) as { engines: Availability[] }).engines
}

/** Chunks wait behind everybody else. */
function computeOn(pool: Pool): ComputeChunk {
  return async ({ kind, request, from, to }, signal) => {
    const { statusCode, body } = await pool
      .request({
        method: 'POST',
        path: `/internal/experiments/${kind}/rows?from=${from}&to=${to}`,
        headers: { 'content-type': 'application/json' },
        body: request,
        signal,
      })
      .catch((cause: unknown) => {
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
  const {
    type: _type,
    title: _title,
    status: _status,
    instance: _instance,
    code,
    detail,
    errors,
    ...extra
  } = JSON.parse(text) as ProblemDocument
  return new ServiceError(code, detail, { places: errors, extra: extra as Record<string, number | string> })
}
