import { invalid, ServiceError } from '../errors.ts'

/** Why a client's request needs no answer any more. */
export class ClientLeft extends Error {}

/** One request's right to go on: ends with its deadline or when its client leaves. */
export interface Deadline {
  readonly signal: AbortSignal
  /** A blocked event loop fires no timers: throws once the time is up, whether the timer came to it or not. */
  throwIfPast(): void
  /** The client left: nobody waits for the answer. */
  leave(): void
  /** The request is over; nothing fires any more. */
  clear(): void
}

/** A deadline `seconds` from now. */
export function startDeadline(seconds: number): Deadline {
  const controller = new AbortController()
  const end = performance.now() + seconds * 1000
  const exceeded = (): ServiceError => new ServiceError('deadline-exceeded', `The request was not answered within ${seconds} seconds.`)
  const timer = setTimeout(() => controller.abort(exceeded()), seconds * 1000)
  return {
    signal: controller.signal,
    throwIfPast: () => {
      if (performance.now() > end) throw exceeded()
    },
    leave: () => controller.abort(new ClientLeft('the client left')),
    clear: () => clearTimeout(timer),
  }
}

/** Seconds that a request may take: the limit, or less where `Request-Timeout` asks for less. */
export function requestedSeconds(header: string | string[] | undefined, limit: number): number {
  if (header === undefined) return limit
  const seconds = Number(header)
  if (Array.isArray(header) || !/^\d+(\.\d+)?$/.test(header) || !(seconds > 0)) throw invalid('/Request-Timeout', 'must be a number of seconds above 0')
  return Math.min(seconds, limit)
}
