import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { problemDocument, ServiceError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

const problems: Readonly<Record<string, readonly [code: ErrorCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The headers are larger than the limit.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body-too-large', 'The extensions of the chunks are larger than the limit.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive in time.'],
}
const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
}

/** What arrived is not a request that Node can parse: a problem document is written to the socket by hand. */
export function sendRawProblem(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [code, detail] = problems[error.code ?? ''] ?? ['bad-protocol', 'The request could not be parsed as HTTP.']
  endWith(socket, new ServiceError(code, detail))
}

/** Requests that Node would answer by itself, or not at all: they get an answer of the service. */
export function answerUnusualRequests(server: Server): void {
  // `Expect` with anything but 100-continue may be ignored (RFC 9110, section 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('connect', (_request, socket) => {
    endWith(
      socket as Socket,
      new ServiceError('method-not-allowed', 'This is no proxy.', { headers: { allow: 'GET, HEAD, POST, DELETE' } }),
    )
  })
}

function endWith(socket: Socket, problem: ServiceError): void {
  const id = randomUUID()
  const body = JSON.stringify(problemDocument(problem, id))
  const own = Object.entries(problem.headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  socket.on('error', () => {})
  socket.end(
    `HTTP/1.1 ${problem.status} ${reasons[problem.status]}\r\n${own}Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n${body}`,
  )
}
