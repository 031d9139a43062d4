import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { unitsSpent } from '../admission/work-units.ts'
import { problemDocument } from '../errors.ts'
import type { ServiceError } from '../errors.ts'
import { acceptHeader } from '../http/hand-over.ts'
import { serverTiming } from '../http/plugins/server-timing.ts'
import { watchReader } from '../http/plugins/slow-clients.ts'
import { joinedVary } from '../http/vary.ts'
import { reportHeader } from '../http/work-report.ts'
import type { AnswerHeaders, AnswerSink, Exchange } from './exchange.ts'

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

/** Writes the answer of a worker or of the jobs to the client, or a problem of the gateway's own. */
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

  fail(error: ServiceError, spentMs = 0): void {
    const request = this.#request
    if (spentMs > 0) request.workUnits = 1 + unitsSpent(spentMs)
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

  charge(workUnits: number): void {
    this.#request.chargeLate?.(workUnits)
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
      if (timing.computeMs > 0) own['server-timing'] = serverTiming(timing)
    }
    for (const name in headers) if (!ownHeaders.has(name)) own[name] = headers[name]
    this.#write(status, own)
  }

  #write(status: number, headers: Record<string, string | string[] | undefined>): void {
    // Fastify's reply holds what the hooks have set: request id, security headers, CORS.
    const set = this.#reply.getHeaders() as Record<string, string | string[]>
    if (set.vary !== undefined && headers.vary !== undefined)
      headers.vary = joinedVary(String(set.vary), String(headers.vary))
    this.#reply.raw.writeHead(status, { ...set, ...headers } as Record<string, string | string[]>)
  }
}
