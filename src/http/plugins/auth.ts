import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls: a digest of the key, or empty where none is asked for. Jobs belong to it. */
    caller: string
  }
  interface FastifyContextConfig {
    /** No key is asked for: health, pages and their assets, which show no data. */
    open?: boolean
  }
}

/**
 * With `keys`, every route but the open ones asks for one, as a bearer token or in X-API-Key; unknown addresses too, so
 * that nobody learns what there is. Every key is compared, whatever the others said, in constant time. `isInternal`
 * tells the service's own requests.
 */
export function askForKeys(
  app: FastifyInstance,
  keys: readonly string[],
  isInternal: (request: FastifyRequest) => boolean,
): void {
  const digests = keys.map(digestOf)
  app.decorateRequest('caller', '')
  if (digests.length === 0) return
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.open === true || isInternal(request)) return done()
    const digest = digestOf(keyOf(request) ?? '')
    let known = 0
    for (const other of digests) known |= Number(timingSafeEqual(digest, other))
    if (known === 0) {
      return done(
        new ServiceError('unauthorized', 'An API key is needed, as `Authorization: Bearer KEY` or `X-API-Key: KEY`.', {
          headers: { 'www-authenticate': 'Bearer' },
        }),
      )
    }
    request.caller = digest.toString('base64url')
    done()
  })
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const own = headers['x-api-key']
  return bearer ?? (typeof own === 'string' ? own : undefined)
}

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest()
