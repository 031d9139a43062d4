import { invalid, ServiceError } from '../errors.ts'

/** Why a client's request needs no answer any more. */
export class ClientLeft extends Error {}

/** One request's right to go on: ends with its deadline or when its client leaves. */
export class Deadline {
  readonly #seconds: number
  readonly #end: number
  #left: ClientLeft | undefined
  #controller: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param seconds from now on */
  constructor(seconds: number) {
    this.#seconds = seconds
    this.#end = performance.now() + seconds * 1000
  }

  /** For who waits or works long: made, with its timer, when it is first asked for, which most requests do not. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = (this.#controller = new AbortController())
      if (this.#left !== undefined) controller.abort(this.#left)
      else this.#timer = setTimeout(() => controller.abort(this.#exceeded()), this.#end - performance.now())
    }
    return this.#controller.signal
  }

  /**
   * A blocked event loop fires no timers: throws once the time is up or the client gone, whether a timer came to it or
   * not.
   */
  throwIfOver(): void {
    if (this.#left !== undefined) throw this.#left
    if (performance.now() > this.#end) throw this.#exceeded()
  }

  /** The client left: nobody waits for the answer. */
  leave(): void {
    this.#left = new ClientLeft('the client left')
    this.#controller?.abort(this.#left)
  }

  /** The request is over; nothing fires any more. */
  clear(): void {
    clearTimeout(this.#timer)
  }

  #exceeded(): ServiceError {
    return new ServiceError('deadline-exceeded', `The request was not answered within ${this.#seconds} seconds.`)
  }
}

/** Seconds that a request may take: the limit, or less where `Request-Timeout` asks for less. */
export function requestedSeconds(header: string | string[] | undefined, limit: number): number {
  if (header === undefined) return limit
  const seconds = Number(header)
  if (Array.isArray(header) || !/^\d+(\.\d+)?$/.test(header) || !(seconds > 0))
    throw invalid('/Request-Timeout', 'must be a number of seconds above 0')
  return Math.min(seconds, limit)
}
