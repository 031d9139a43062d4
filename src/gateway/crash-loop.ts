import type { Death } from './child.ts'

const deathsInARow = 5
/** A worker that was ready for this long did not end because it was started. */
const soundAfterMs = 60_000

/** For so long a worker must have been ready after a crash loop to end it: those of a loop end sooner. */
export const probationMs = 5_000

/** Tells a crash loop from single deaths: so many in a row with no request answered between them. */
export class CrashLoop {
  readonly #answered: () => number
  #deaths = 0
  #answeredAtLastDeath = -1

  /** @param answered how many requests have been answered so far */
  constructor(answered: () => number) {
    this.#answered = answered
  }

  /** The service should be restarted from outside; ends with the next answer, or when it is `over`. */
  get broken(): boolean {
    return this.#deaths >= deathsInARow && this.#answered() === this.#answeredAtLastDeath
  }

  /** A worker has outlived its probation. */
  over(): void {
    this.#deaths = 0
  }

  died(death: Death): void {
    if (death.killedFor !== null && death.wasReady) return // by the gateway, for a request past its deadline
    const answered = this.#answered()
    if (answered !== this.#answeredAtLastDeath || death.readyForMs > soundAfterMs) this.#deaths = 0
    this.#answeredAtLastDeath = answered
    this.#deaths++
  }
}
