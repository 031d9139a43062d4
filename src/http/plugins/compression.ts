import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { chooseCoding, mayRefuseIdentity } from '../compression/codings.ts'
import type { Coding } from '../compression/codings.ts'
import { compressStream, compressWhole, wholeBytes } from '../compression/compress.ts'
import { addToVary } from '../vary.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its JSON is mostly numbers, of which gzip, at any level, makes less than a line of 1 Gbit/s takes. */
    numbers?: boolean
  }
}

/** Below this nothing is won: compressing it takes as long as sending it over a line of 1 Gbit/s. */
const leastBytes = 16 * 1024

/** Types that are text. Events are not: each is to be there at once. */
const textTypes =
  /^(application\/(json|javascript|yaml|([\w.-]+\+)json)|image\/svg\+xml|text\/(css|csv|html|javascript|plain))\s*(;|$)/

/**
 * Compresses answers for clients that take it (Accept-Encoding), where that is faster than sending them as they are
 * over a line of 1 Gbit/s (docs/performance.md has the numbers). Entity tags stay: all of them are weak, since what
 * they stand for is the same in every coding.
 */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const accepted = request.headers['accept-encoding']
    if (accepted === undefined || !isCompressible(payload)) return done(null, payload)
    const length = lengthOf(payload, reply)
    if (length < leastBytes && !mayRefuseIdentity(String(accepted))) return done(null, payload)
    const type = String(reply.getHeader('content-type'))
    if (!textTypes.test(type) || reply.hasHeader('content-encoding') || reply.hasHeader('content-range'))
      return done(null, payload)
    addToVary(reply, 'Accept-Encoding')
    const coding = chooseCoding(String(accepted), (coding) => pays(coding, length, type, request))
    if (coding === null) return done(null, payload)
    reply.header('content-encoding', coding).removeHeader('content-length').removeHeader('accept-ranges')
    const started = performance.now()
    const compressed = compress(payload, coding, request, reply)
    if (!(compressed instanceof Promise)) {
      request.timing.encodeMs += performance.now() - started
      return done(null, compressed)
    }
    compressed.then((bytes) => {
      request.timing.encodeMs += performance.now() - started
      done(null, bytes)
    }, done)
  })
}

type Body = string | Buffer | Readable

function isCompressible(payload: unknown): payload is Body {
  return typeof payload === 'string' || Buffer.isBuffer(payload) || payload instanceof Readable
}

/** Bytes of a body; a stream that does not say how many it has is a long one. */
function lengthOf(payload: Body, reply: FastifyReply): number {
  return payload instanceof Readable ? Number(reply.getHeader('content-length') ?? Infinity) : payload.length
}

function pays(coding: Coding, length: number, type: string, request: FastifyRequest): boolean {
  if (length < leastBytes) return false
  if (coding !== 'gzip') return true
  const isNumbers = request.routeOptions.config.numbers === true && type.startsWith('application/json')
  return !isNumbers && !type.startsWith('text/csv')
}

function compress(
  payload: Body,
  coding: Coding,
  { method }: FastifyRequest,
  reply: FastifyReply,
): Readable | Buffer | Promise<Buffer> {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  if (Buffer.isBuffer(body) && body.length <= wholeBytes) return compressWhole(body, coding)
  if (method !== 'HEAD') return compressStream(body, coding)
  // Its length is not known before all of it has been compressed, and nobody would read it.
  if (body instanceof Readable) return body
  reply.removeHeader('content-length')
  return Readable.from([])
}
