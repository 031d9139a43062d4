import { ServiceError } from '../errors.ts'

/**
 * The bytes that work and answers in flight may hold together. Every request reserves its estimate before it takes
 * memory, in one synchronous step, so that no burst can outrun the check; what cannot fit is refused at once.
 */
export class MemoryLedger {
  readonly limitBytes: number
  #taken = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get takenBytes(): number {
    return this.#taken
  }

  /**
   * Reserves `bytes`; 413 when they never fit, 503 when they do not fit now. The reservation is given back by
   * `release`.
   */
  reserve(bytes: number): Reservation {
    if (bytes > this.limitBytes) {
      throw new ServiceError(
        'request-too-large',
        `The request needs about ${inMiB(bytes)} MiB; the limit is ${inMiB(this.limitBytes)} MiB (a part of MEMORY_LIMIT).`,
        {
          extra: { estimated_bytes: Math.ceil(bytes), limit_bytes: this.limitBytes },
        },
      )
    }
    if (this.#taken + bytes > this.limitBytes) {
      throw new ServiceError('memory-full', `The request needs about ${inMiB(bytes)} MiB, more than is free now.`, {
        headers: { 'retry-after': '1' },
      })
    }
    this.#taken += bytes
    let held = bytes
    return {
      release: () => {
        this.#taken -= held
        held = 0
      },
    }
  }
}

export interface Reservation {
  /** Gives the bytes back; more than once is as good as once. */
  release(): void
}

const inMiB = (bytes: number): string =>
  bytes >= 1e6 * 2 ** 20 ? 'more than a million' : String(Math.ceil(bytes / 2 ** 20))
