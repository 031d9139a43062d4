import type { FastifyInstance } from 'fastify'

/**
 * Takes BASE_PATH off the addresses of requests, for a proxy that leaves it there: what is left is routed, logged and
 * forwarded. An address without it is taken as it is, for a proxy that strips it. So is one that begins with it by
 * chance: with `/attention`, `/attention/docs` becomes `/docs`, but `/attention/causal` stays, since the service has
 * nothing that begins with `/causal`.
 */
export class BasePath {
  readonly #prefix: string
  /** First segments of the service's own addresses. */
  readonly #own = new Set<string>()

  /** @param prefix such as `/tools/attention`; empty for none */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** Learns the addresses of the routes that are added to `app` after it. */
  learn(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url }) => {
      this.#own.add(firstSegment(url))
    })
  }

  readonly strip = (url: string): string => {
    if (this.#prefix === '' || !url.startsWith(this.#prefix)) return url
    const rest = url.slice(this.#prefix.length)
    if (rest === '' || rest.startsWith('?')) return `/${rest}`
    return rest.startsWith('/') && this.#own.has(firstSegment(rest)) ? rest : url
  }
}

function firstSegment(url: string): string {
  return url.slice(1).split(/[/?]/, 1)[0]!
}
