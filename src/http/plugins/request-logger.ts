import type { FastifyBaseLogger } from 'fastify'

type Line = Parameters<FastifyBaseLogger['info']>

/**
 * A request's logger: the process's, with the request's id in each line. It is made when there is a line to write,
 * which takes longer than routing a request: most requests write none but the one of request-log.ts.
 */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Record<string, unknown>
  readonly #options: object
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Record<string, unknown>, options: object) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get #own(): FastifyBaseLogger {
    return (this.#made ??= this.#parent.child(this.#bindings, this.#options))
  }

  get level(): string {
    return this.#parent.level
  }

  child(bindings: Record<string, unknown>, options?: object): FastifyBaseLogger {
    return this.#own.child(bindings, options)
  }

  fatal(...line: unknown[]): void {
    this.#own.fatal(...(line as Line))
  }
  error(...line: unknown[]): void {
    this.#own.error(...(line as Line))
  }
  warn(...line: unknown[]): void {
    this.#own.warn(...(line as Line))
  }
  info(...line: unknown[]): void {
    this.#own.info(...(line as Line))
  }
  debug(...line: unknown[]): void {
    this.#own.debug(...(line as Line))
  }
  trace(...line: unknown[]): void {
    this.#own.trace(...(line as Line))
  }
  silent(...line: unknown[]): void {
    this.#own.silent(...(line as Line))
  }
}
