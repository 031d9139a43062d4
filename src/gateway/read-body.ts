import type { IncomingMessage } from 'node:http'
import type { MemoryLedger, Reservation } from '../admission/memory-ledger.ts'
import { ServiceError } from '../errors.ts'

/**
 * Reads a request's body whole, as it comes (compressed or not), within `limitBytes`. Its bytes are charged to `ledger`
 * before they are taken: at once where Content-Length says how many, else as they come. `reservations` collects what
 * is to be released when the request is over. Null: there is no body. The caller watches for a body that stands still.
 */
export function readBody(request: IncomingMessage, limitBytes: number, ledger: MemoryLedger, reservations: Reservation[], done: (error: Error | null, body: Buffer | null) => void): void {
  const length = request.headers['content-length']
  const chunked = request.headers['transfer-encoding'] !== undefined
  if (!chunked && (length === undefined || length === '0')) return done(null, null)
  const tooLarge = (): ServiceError => new ServiceError('body-too-large', 'The body is larger than the limit.', { extra: { limit_bytes: limitBytes } })
  if (Number(length) > limitBytes) return done(tooLarge(), null)
  try {
    if (!chunked) reservations.push(ledger.reserve(Number(length)))
  } catch (error) {
    return done(error as Error, null)
  }

  const chunks: Buffer[] = []
  let total = 0
  const data = (chunk: Buffer): void => {
    total += chunk.length
    try {
      if (total > limitBytes) throw tooLarge()
      if (chunked) reservations.push(ledger.reserve(chunk.length))
    } catch (error) {
      return finish(error as Error)
    }
    chunks.push(chunk)
  }
  const end = (): void => finish(null)
  const failed = (): void => finish(new ServiceError('invalid-request', 'The body did not arrive whole.'))
  const finish = (error: Error | null): void => {
    request.off('data', data).off('end', end).off('error', failed).off('close', failed)
    if (error !== null) {
      request.on('error', () => {})
      request.resume()
      return done(error, null)
    }
    done(null, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total))
  }
  request.on('data', data).on('end', end).on('error', failed).on('close', failed)
}
