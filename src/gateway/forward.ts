import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestedSeconds } from '../admission/deadline.ts'
import type { MemoryLedger, Reservation } from '../admission/memory-ledger.ts'
import type { Config } from '../config.ts'
import { problemDocument } from '../errors.ts'
import type { ServiceError } from '../errors.ts'
import type { AppPart } from '../http/app.ts'
import { asServiceError } from '../http/plugins/errors.ts'
import { serverTiming } from '../http/plugins/server-timing.ts'
import { watchReader } from '../http/plugins/slow-clients.ts'
import { requireReady } from '../http/routes/health.ts'
import type { Readiness } from '../http/readiness.ts'
import type { Dispatcher } from './dispatcher.ts'
import { Exchange } from './exchange.ts'
import type { AnswerHeaders, AnswerSink } from './exchange.ts'
import type { Line } from './queue.ts'
import { readBody } from './read-body.ts'
import { acceptHeader, offerHeader } from '../http/hand-over.ts'
import { reportHeader } from '../http/work-report.ts'
import { chunkSeconds } from '../jobs/chunk-seconds.ts'

/** What of a request a worker needs to see. Everything else ends here, keys above all. */
const requestHeaders = [
  'content-type',
  'content-encoding',
  'accept',
  'if-none-match',
  'prefer',
  'traceparent',
  'tracestate',
] as const
/** What of an answer is the gateway's own business, or its connection's. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'date',
  'server-timing',
  'x-request-id',
  reportHeader,
  acceptHeader,
])

export interface Forwarding {
  readonly dispatcher: Dispatcher
  readonly readiness: Readiness
  /** Bytes of bodies held here. */
  readonly bodies: MemoryLedger
  /** Whether a request came from the service's own jobs. */
  isBackground(request: FastifyRequest): boolean
}

/**
 * The addresses that compute, in a process that computes nothing: the whole request goes to a worker, and its answer
 * comes back as it is. The worker knows the routes and says 404, 405 and 415 itself. The body is read here and not by
 * Fastify, which would parse it: so these requests are answered in the last onRequest hook and go no further.
 */
export function forwardRoutes(config: Config, forwarding: Forwarding): AppPart {
  return (app) => {
    const prefixes = [
      ['/attention/*', config.REQUEST_TIMEOUT, 'interactive'],
      ['/experiments/*', config.EXPERIMENT_TIMEOUT, 'experiment'],
      ['/internal/*', chunkSeconds(config), 'background'],
    ] as const
    for (const [url, seconds, line] of prefixes) {
      app.route({
        method: app.supportedMethods,
        url,
        schema: { hide: true },
        config: { computes: true },
        onRequest: (request, reply, _done) => {
          if (line === 'background' && !forwarding.isBackground(request)) reply.callNotFound()
          else forward(request, reply, seconds, line)
        },
        handler: (_request, reply) => reply.callNotFound(),
      })
    }

    function forward(request: FastifyRequest, reply: FastifyReply, limitSeconds: number, ownLine: Line): void {
      const reservations: Reservation[] = []
      let seconds: number
      try {
        requireReady(forwarding.readiness)
        seconds = requestedSeconds(request.headers['request-timeout'], limitSeconds)
      } catch (error) {
        reply.send(error)
        return
      }
      reply.hijack()
      const sink = new HttpSink(request, reply)
      reply.raw.once('close', () => {
        for (const reservation of reservations) reservation.release()
      })
      readBody(request.raw, config.BODY_LIMIT * 2 ** 20, forwarding.bodies, reservations, (error, body) => {
        request.bodyArrived()
        if (reply.raw.destroyed || reply.raw.headersSent) return
        if (error !== null) return sink.fail(asServiceError(error))
        const { method, url, id } = request
        const line = forwarding.isBackground(request) ? 'background' : ownLine
        const exchange = new Exchange(
          { id, method, path: url, headers: headersFor(request, reply, seconds), body, line, seconds },
          sink,
        )
        reply.raw.once('close', () => forwarding.dispatcher.leave(exchange))
        forwarding.dispatcher.submit(exchange)
      })
    }
  }
}

function headersFor(request: FastifyRequest, reply: FastifyReply, seconds: number): string[] {
  const headers = ['x-request-id', request.id, 'request-timeout', String(seconds)]
  if (canBeLent(request, reply)) headers.push(offerHeader, '1')
  for (const name of requestHeaders) {
    const value = request.headers[name]
    if (value !== undefined) headers.push(name, value as string)
  }
  return headers
}

/**
 * Whether a worker could write its answer as chunks to this client's connection: not to one that still writes the
 * answer before.
 */
function canBeLent({ raw, method }: FastifyRequest, reply: FastifyReply): boolean {
  return (
    raw.httpVersion === '1.1' &&
    method !== 'HEAD' &&
    reply.raw.socket !== null &&
    raw.socket.remoteAddress !== undefined
  )
}

/** Writes a worker's answer to the client, or a problem of the gateway's own. */
export class HttpSink implements AnswerSink {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #raw: ServerResponse
  /** The reader is behind, and `resume` waits for it; chunks that were under way still come. */
  #behind = false

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request
    this.#reply = reply
    this.#raw = reply.raw
  }

  whole(status: number, headers: AnswerHeaders, body: readonly Buffer[], exchange: Exchange): void {
    this.#head(status, headers, exchange)
    if (body.length <= 1) this.#raw.end(body[0])
    else this.#raw.end(Buffer.concat(body))
  }

  begin(status: number, headers: AnswerHeaders, exchange: Exchange): void {
    this.#head(status, headers, exchange)
    watchReader(this.#raw)
  }

  lend(status: number, headers: AnswerHeaders, exchange: Exchange, use: (socket: Socket) => void): void {
    this.#head(status, headers, exchange)
    this.#raw.flushHeaders()
    const { socket } = this.#raw
    if (socket === null) return // the client left, which is heard in its own time
    if (socket.writableLength === 0) use(socket)
    else socket.write('', () => use(socket)) // not 'drain', which does not come when little is left
  }

  data(chunk: Buffer, resume: () => void): boolean {
    if (this.#raw.write(chunk)) return true
    if (!this.#behind) {
      this.#behind = true
      this.#raw.once('drain', () => {
        this.#behind = false
        resume()
      })
    }
    return false
  }

  end(): void {
    this.#raw.end()
  }

  cut(): void {
    this.#raw.destroy()
  }

  fail(error: ServiceError): void {
    const request = this.#request
    if (error.status >= 500) request.log.warn({ code: error.code, detail: error.message }, 'request failed')
    request.problemCode = error.code
    const body = Buffer.from(JSON.stringify(problemDocument(error, request.id)))
    this.#write(error.status, {
      ...error.headers,
      'content-type': 'application/problem+json',
      'content-length': String(body.length),
    })
    this.#raw.end(request.method === 'HEAD' ? undefined : body)
  }

  #head(status: number, headers: AnswerHeaders, exchange: Exchange): void {
    const { report } = exchange
    const timing = this.#request.timing
    timing.queueMs = exchange.queueMs
    const own: Record<string, string | string[] | undefined> = {}
    if (report !== null) {
      timing.queueMs += report.queueMs
      timing.computeMs = report.computeMs
      timing.encodeMs = report.encodeMs
      this.#request.workUnits = report.workUnits
      this.#request.engineUsed = report.engine
      own['server-timing'] = serverTiming(timing)
    }
    for (const name in headers) if (!ownHeaders.has(name)) own[name] = headers[name]
    this.#write(status, own)
  }

  #write(status: number, headers: Record<string, string | string[] | undefined>): void {
    // Fastify's reply holds what the hooks have set: request id, security headers, CORS.
    const set = this.#reply.getHeaders() as Record<string, string | string[]>
    this.#reply.raw.writeHead(status, { ...set, ...headers } as Record<string, string | string[]>)
  }
}
