/** Something that takes memory while it is kept. */
export interface Kept {
  close(): Promise<void>
}

interface Entry<T extends Kept> {
  readonly value: T
  readonly bytes: number
  /** How many use it now: it leaves only when nobody does. */
  uses: number
  /** No longer under its key: it leaves as soon as nobody uses it. */
  retired: boolean
}

/** What is kept for the time of a use. */
export interface Use<T> {
  readonly value: T
  /** Once, when it is no longer needed. */
  end(): void
}

/** More bytes than all there are. */
export class NoRoom extends Error {
  readonly bytes: number
  readonly limit: number

  constructor(bytes: number, limit: number) {
    super(`${bytes} bytes are needed, and ${limit} are all there are`)
    this.bytes = bytes
    this.limit = limit
  }
}

/**
 * What is kept by key, of so many bytes altogether. Bytes are reserved before anything is made; what has not been used
 * for longest makes room, and where everything is in use, who comes waits.
 *
 *   reserved -> kept <-> in use -> (least recently used, or retired) -> closed
 */
export class Room<T extends Kept> {
  readonly limit: number
  readonly #entries = new Map<string, Entry<T>>() // the most recently used last
  readonly #making = new Map<string, Promise<Entry<T>>>()
  #waiting: (() => void)[] = []
  #bytes = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes that are reserved or kept. */
  get bytes(): number {
    return this.#bytes
  }

  get values(): readonly T[] {
    return [...this.#entries.values()].map(({ value }) => value)
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /**
   * What is kept under a key, made where it is not there; several who ask at once wait for one making.
   * @param signal ends the waiting of this caller, not the making, which others may be waiting for
   * @throws NoRoom
   */
  async use(key: string, bytes: number, make: () => Promise<T>, signal?: AbortSignal): Promise<Use<T>> {
    for (;;) {
      signal?.throwIfAborted()
      const known = this.#entries.get(key)
      if (known !== undefined) return this.#begin(key, known)
      const making = this.#making.get(key) ?? this.#make(key, bytes, make)
      const entry = await untilAborted(making, signal)
      // Between its making and now it may have had to leave.
      if (!entry.retired) return this.#begin(key, entry)
    }
  }

  /** What is kept under these keys is used by nobody new, and leaves. */
  async retire(matches: (key: string) => boolean): Promise<void> {
    for (const [key, entry] of [...this.#entries]) {
      if (!matches(key)) continue
      this.#entries.delete(key)
      entry.retired = true
      if (entry.uses === 0) await this.#close(entry)
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#making.values())
    await this.retire(() => true)
  }

  #begin(key: string, entry: Entry<T>): Use<T> {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    entry.uses++
    let ended = false
    return {
      value: entry.value,
      end: () => {
        if (ended) return
        ended = true
        entry.uses--
        if (entry.uses === 0 && entry.retired) void this.#close(entry)
        else this.#wake()
      },
    }
  }

  #make(key: string, bytes: number, make: () => Promise<T>): Promise<Entry<T>> {
    const making = (async () => {
      await this.#reserve(bytes)
      try {
        const entry = { value: await make(), bytes, uses: 0, retired: false }
        this.#entries.set(key, entry)
        return entry
      } catch (error) {
        this.#bytes -= bytes
        this.#wake()
        throw error
      }
    })()
    this.#making.set(key, making)
    const done = (): void => {
      this.#making.delete(key)
    }
    making.then(done, done)
    return making
  }

  async #reserve(bytes: number): Promise<void> {
    if (bytes > this.limit) throw new NoRoom(bytes, this.limit)
    while (this.#bytes + bytes > this.limit) {
      const idle = [...this.#entries].find(([, entry]) => entry.uses === 0)
      if (idle === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      else await this.retire((key) => key === idle[0])
    }
    this.#bytes += bytes
  }

  /** Bytes are free when it is closed, and not before. */
  async #close({ value, bytes }: Entry<T>): Promise<void> {
    try {
      await value.close()
    } finally {
      this.#bytes -= bytes
      this.#wake()
    }
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** A promise's outcome, or the signal's reason, whichever comes first. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
