import { isUtf8 } from 'node:buffer'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { Transform } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors.ts'
import { parseBody } from '../read/body-arrays.ts'
import { faultOf } from '../read/json-fault.ts'

/**
 * JSON bodies: UTF-8, possibly compressed, `__proto__` refused, an empty body told from an invalid one.
 * Limits count decoded bytes; Fastify counts what leaves the preParsing stream.
 */
export function readJsonBodies(app: FastifyInstance): void {
  decompressBodies(app)
  const parse = app.getDefaultJsonParser('error', 'error')
  const parsed = (request: FastifyRequest, text: string): unknown => {
    let result: { error: Error | null; value: unknown } | undefined
    parse(request, text, (error, value) => {
      result = { error, value }
    })
    if (result!.error !== null) throw result!.error
    return result!.value
  }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0)
      return done(
        new ServiceError('invalid-json', 'The body is empty; it must be a JSON object.', {
          places: [{ path: '', message: 'is empty' }],
        }),
      )
    if (!isUtf8(body as Buffer))
      return done(
        new ServiceError('invalid-json', 'The body is not valid UTF-8.', {
          places: [{ path: '', message: 'is not valid UTF-8' }],
        }),
      )
    let value: unknown
    try {
      value = parseBody(body as Buffer, (text) => parsed(request, text))
    } catch (error) {
      return done(error instanceof ServiceError ? error : invalidJson(error as Error, body as Buffer))
    }
    done(null, value)
  })
}

/** What is wrong with a body that JSON.parse refuses, and where. */
function invalidJson(error: Error, body: Buffer): ServiceError {
  if (/forbidden prototype property/i.test(error.message)) {
    const message = 'must not have a key __proto__ or constructor.prototype'
    return new ServiceError('invalid-json', `The body ${message}.`, { places: [{ path: '', message }] })
  }
  const fault = faultOf(body)
  if (fault === null)
    return new ServiceError('invalid-json', 'The body is not valid JSON.', {
      places: [{ path: '', message: 'is not valid JSON' }],
      cause: error,
    })
  const { line, column, expected, found } = fault
  const message = `is not valid JSON at line ${line}, column ${column}: expected ${expected}; found ${found}`
  return new ServiceError('invalid-json', `The body ${message}.`, {
    places: [{ path: '', message }],
    extra: { line, column },
  })
}

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/**
 * Bodies may come compressed. What comes out is counted against the body limit as it comes out, so a bomb ends early.
 */
export function decompressBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase()
    if (encoding === undefined || encoding === '' || encoding === 'identity') return payload
    const decoder = decoders[encoding]
    if (decoder === undefined)
      throw new ServiceError(
        'unsupported-media-type',
        `The content encoding must be one of ${Object.keys(decoders).join(', ')}.`,
        { headers: { 'accept-encoding': Object.keys(decoders).join(', ') } },
      )
    // The length of the compressed body is not that of the decoded one, which is what Fastify compares it with.
    delete request.headers['content-length']
    const limit = request.routeOptions.bodyLimit
    return decoded(payload, decoder(), limit)
  })
}

function decoded(payload: NodeJS.ReadableStream, decoder: Transform, limit: number): Transform {
  let total = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length
      if (total > limit)
        return done(
          new ServiceError('body-too-large', `The decoded body is larger than the limit of ${limit} bytes.`, {
            extra: { limit_bytes: limit },
          }),
        )
      done(null, chunk)
    },
  })
  const fail = (error: Error): void => {
    counter.destroy(
      error instanceof ServiceError
        ? error
        : new ServiceError('invalid-json', 'The body does not decode with its content encoding.', {
            places: [{ path: '', message: 'does not decode with its content encoding' }],
          }),
    )
  }
  payload.once('error', fail)
  decoder.once('error', fail)
  payload.pipe(decoder).pipe(counter)
  counter.once('close', () => {
    payload.unpipe(decoder)
    decoder.destroy()
  })
  return counter
}
