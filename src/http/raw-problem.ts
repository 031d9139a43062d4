import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { problemDocument, ServiceError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}
const reasons: Readonly<Record<number, string>> = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' }

/** What arrived is not a request that Node can parse: a problem document is written to the socket by hand. */
export function sendRawProblem(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = codes[error.code ?? ''] ?? 'bad-protocol'
  const details: Partial<Record<ErrorCode, string>> = {
    'headers-too-large': 'The headers are larger than the limit.',
    'request-timeout': 'The request did not arrive in time.',
  }
  const id = randomUUID()
  const problem = new ServiceError(code, details[code] ?? 'The request could not be parsed as HTTP.')
  const body = JSON.stringify(problemDocument(problem, id))
  socket.end(`HTTP/1.1 ${problem.status} ${reasons[problem.status]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n${body}`)
}
