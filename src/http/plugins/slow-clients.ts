import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problemDocument, ServiceError } from '../../errors.ts'

/** A body that does not progress for this long is refused; a minimum rate, however long the whole may take. */
const bodyStandsStillMs = 10_000
/** A reader that takes nothing of its answer for this long is cut off. */
const readerStandsStillMs = 30_000
const sweepMs = 1_000

interface Progress {
  bytes: number
  since: number
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Its body is here whole (or is not awaited any more). */
    bodyArrived(): void
  }
}

const bodies = new Map<FastifyRequest, Progress & { readonly reply: FastifyReply }>()
const readers = new Map<ServerResponse, Progress & { readonly lent: Socket | null }>()

/**
 * Clients that stand still hold nothing: a body without progress is 408, a reader without progress loses its
 * connection. One sweep a second looks at all of them; socket timeouts would also cut a long silent computation.
 */
export function watchSlowClients(app: FastifyInstance): void {
  app.decorateRequest('bodyArrived', function (this: FastifyRequest) {
    bodies.delete(this)
  })
  app.addHook('onRequest', (request, reply, done) => {
    const length = request.headers['content-length']
    if ((length !== undefined && length !== '0') || request.headers['transfer-encoding'] !== undefined) {
      bodies.set(request, { reply, bytes: -1, since: 0 })
    }
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    bodies.delete(request)
    done()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (payload !== null && payload !== undefined && typeof (payload as { pipe?: unknown }).pipe === 'function')
      watchReader(reply.raw)
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    bodies.delete(request)
    done()
  })
  const sweeping = setInterval(sweep, sweepMs)
  sweeping.unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(sweeping)
    done()
  })
}

/** From now on this answer must progress: on its own connection, or on one that was lent for it. */
export function watchReader(response: ServerResponse, lent: Socket | null = null): void {
  readers.set(response, { bytes: -1, since: 0, lent })
  response.once('close', () => readers.delete(response))
}

function sweep(): void {
  const now = performance.now()
  for (const [request, progress] of bodies) {
    const { socket } = request.raw
    if (socket.destroyed) bodies.delete(request)
    else if (standsStill(progress, socket.bytesRead, now, bodyStandsStillMs)) refuse(request, progress.reply)
  }
  for (const [response, progress] of readers) {
    const socket = progress.lent ?? response.socket
    if (socket === null || socket.destroyed) readers.delete(response)
    else if (standsStill(progress, socket.bytesWritten - socket.writableLength, now, readerStandsStillMs))
      response.destroy()
  }
}

function standsStill(progress: Progress, bytes: number, now: number, forMs: number): boolean {
  if (bytes === progress.bytes) return now - progress.since > forMs
  progress.bytes = bytes
  progress.since = now
  return false
}

function refuse(request: FastifyRequest, reply: FastifyReply): void {
  bodies.delete(request)
  if (reply.raw.headersSent) return
  reply.hijack()
  request.problemCode = 'request-timeout'
  const problem = new ServiceError(
    'request-timeout',
    `The body made no progress for ${bodyStandsStillMs / 1000} seconds.`,
  )
  const body = Buffer.from(JSON.stringify(problemDocument(problem, request.id)))
  reply.raw.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': body.length,
    'x-request-id': request.id,
    connection: 'close',
  })
  reply.raw.end(body)
}
