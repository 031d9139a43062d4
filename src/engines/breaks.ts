import { setImmediate } from 'node:timers/promises'

/** Work without a break, in milliseconds: a longer one keeps this process from hearing anything. */
const longestMs = 50

/**
 * The breaks of long work in the event loop: others have their turn in them, and whoever does not want the work any more
 * is heard. Ask `due` often, and `take` a break when it says so.
 */
export class Breaks {
  readonly #signal: AbortSignal | undefined
  #since = performance.now()

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  get due(): boolean {
    return performance.now() - this.#since > longestMs
  }

  /** @throws the signal's reason once it has aborted */
  async take(): Promise<void> {
    await setImmediate()
    this.#signal?.throwIfAborted()
    this.#since = performance.now()
  }
}
