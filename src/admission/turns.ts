import { ServiceError } from '../errors.ts'

interface Waiting {
  readonly start: () => void
}

/** How long a turn was waited for and worked in, in milliseconds. */
export interface TurnTiming {
  queueMs: number
  computeMs: number
}

/**
 * A bounded queue in front of a number of places. Who comes when it is full is refused at once; whose signal aborts
 * while waiting leaves the queue and never runs. The signal's reason is what the waiting caller gets.
 */
export class Turns {
  readonly #places: number
  readonly #queueLimit: number
  readonly #waiting = new Set<Waiting>()
  #running = 0

  constructor(places: number, queueLimit: number) {
    this.#places = places
    this.#queueLimit = queueLimit
  }

  get queued(): number {
    return this.#waiting.size
  }

  get running(): number {
    return this.#running
  }

  /**
   * Runs `work` when a place is free. `timing` is filled in as things happen. The signal is asked for only when there
   * is a wait.
   */
  async run<T>(until: { readonly signal: AbortSignal }, timing: TurnTiming, work: () => Promise<T>): Promise<T> {
    const asked = performance.now()
    if (this.#running >= this.#places) await this.#wait(until.signal)
    else this.#running++
    const started = performance.now()
    const waitedMs = (timing.queueMs = started - asked)
    try {
      return await work()
    } finally {
      timing.computeMs = performance.now() - started - (timing.queueMs - waitedMs)
      this.#next()
    }
  }

  /**
   * For long work between two of its steps: whoever waits goes first, and this comes back when a place is free again.
   * Never refused, and not cut short by a signal: the place is given back by `run`, so it must be held again. The wait
   * is added to that of `timing`, which `run` was given.
   */
  async giveWay(timing: TurnTiming): Promise<void> {
    if (this.#waiting.size === 0) return
    const asked = performance.now()
    const back = new Promise<void>((resolve) => this.#waiting.add({ start: resolve }))
    this.#next()
    await back
    timing.queueMs += performance.now() - asked
  }

  #wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#waiting.size >= this.#queueLimit) {
      throw new ServiceError('queue-full', `${this.#waiting.size} requests are waiting already.`, {
        headers: { 'retry-after': '1' },
      })
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting)
        reject(signal.reason as Error)
      }
      const waiting: Waiting = {
        start: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      this.#waiting.add(waiting)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Hands the place that became free to who waited longest. */
  #next(): void {
    const [first] = this.#waiting
    if (first === undefined) {
      this.#running--
      return
    }
    this.#waiting.delete(first)
    first.start()
  }
}
