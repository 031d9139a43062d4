import type { IncomingMessage } from 'node:http'
import type { MemoryLedger, Reservation } from '../admission/memory-ledger.ts'
import { ServiceError } from '../errors.ts'

/** What arrives in one piece as a rule. */
const oneChunkBytes = 65_536

/**
 * Reads a request's body whole, as it comes (compressed or not), within `limitBytes`. Its bytes are charged to `ledger`
 * before they are taken: at once where Content-Length says how many, else as they come. `reservations` collects what
 * is to be released when the request is over. Null: there is no body. The caller watches for a body that stands still.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  ledger: MemoryLedger,
  reservations: Reservation[],
  done: (error: Error | null, body: Buffer | null) => void,
): void {
  const length = request.headers['content-length']
  const chunked = request.headers['transfer-encoding'] !== undefined
  if (!chunked && (length === undefined || length === '0')) return done(null, null)
  const tooLarge = (): ServiceError =>
    new ServiceError('body-too-large', 'The body is larger than the limit.', { extra: { limit_bytes: limitBytes } })
  if (Number(length) > limitBytes) return done(tooLarge(), null)
  try {
    if (!chunked) reservations.push(ledger.reserve(Number(length)))
  } catch (error) {
    return done(error as Error, null)
  }

  // One allocation where the length is known, so that a large body is never here twice.
  const whole = !chunked && Number(length) > oneChunkBytes ? Buffer.allocUnsafeSlow(Number(length)) : null
  const chunks: Buffer[] = []
  let total = 0
  const data = (chunk: Buffer): void => {
    const at = total
    total += chunk.length
    try {
      if (total > limitBytes) throw tooLarge()
      if (chunked) reservations.push(ledger.reserve(2 * chunk.length)) // the pieces, and what they are joined to
    } catch (error) {
      return finish(error as Error)
    }
    if (whole === null) chunks.push(chunk)
    else chunk.copy(whole, at)
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
    done(null, whole ?? (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total)))
  }
  request.on('data', data).on('end', end).on('error', failed).on('close', failed)
}
