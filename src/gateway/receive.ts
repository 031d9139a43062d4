import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestedSeconds } from '../admission/deadline.ts'
import type { MemoryLedger, Reservation } from '../admission/memory-ledger.ts'
import { offerHeader } from '../http/hand-over.ts'
import { asServiceError } from '../http/plugins/errors.ts'
import { Exchange } from './exchange.ts'
import { HttpSink } from './http-sink.ts'
import type { Line } from './queue.ts'
import { readBody } from './read-body.ts'

/** Where requests of a kind go. */
export interface Way {
  /** The headers that are seen there. Every other ends here. */
  readonly headers: readonly string[]
  /** The longest that one may take; its client may ask for less. */
  readonly seconds: number
  /** Whether long answers may be written to the client's connection there. */
  readonly lends: boolean
  submit(exchange: Exchange): void
  /** Its client is gone. */
  leave(exchange: Exchange): void
}

/**
 * Takes requests out of Fastify's hands, in the last onRequest hook that they meet: the body is read here, whole and
 * unparsed, and what goes on is an Exchange.
 */
export class Receiver {
  readonly #bodyLimitBytes: number
  readonly #bodies: MemoryLedger

  /** @param bodies bytes of bodies that are held here */
  constructor(bodyLimitBytes: number, bodies: MemoryLedger) {
    this.#bodyLimitBytes = bodyLimitBytes
    this.#bodies = bodies
  }

  receive(request: FastifyRequest, reply: FastifyReply, line: Line, way: Way): void {
    let seconds: number
    try {
      seconds = requestedSeconds(request.headers['request-timeout'], way.seconds)
    } catch (error) {
      reply.send(error)
      return
    }
    reply.hijack()
    const reservations: Reservation[] = []
    const sink = new HttpSink(request, reply)
    reply.raw.once('close', () => {
      for (const reservation of reservations) reservation.release()
    })
    readBody(request.raw, this.#bodyLimitBytes, this.#bodies, reservations, (error, body) => {
      request.bodyArrived()
      if (reply.raw.destroyed || reply.raw.headersSent) return
      if (error !== null) return sink.fail(asServiceError(error))
      const { method, url: path, id } = request
      const headers = headersFor(request, reply, seconds, way)
      const exchange = new Exchange({ id, method, path, headers, body, line, seconds }, sink)
      reply.raw.once('close', () => way.leave(exchange))
      way.submit(exchange)
    })
  }
}

function headersFor(request: FastifyRequest, reply: FastifyReply, seconds: number, way: Way): string[] {
  const headers = ['x-request-id', request.id, 'request-timeout', String(seconds)]
  if (way.lends && canBeLent(request, reply)) headers.push(offerHeader, '1')
  for (const name of way.headers) {
    const value = request.headers[name]
    if (typeof value === 'string') headers.push(name, value)
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
