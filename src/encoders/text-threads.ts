import { Worker } from 'node:worker_threads'
import type { Run } from './number-text.ts'
import { orderOf, textOf } from './text-order.ts'
import type { TextAnswer } from './text-order.ts'

/**
 * Runs that a thread may have at once: one in its hands, and some that it goes on with while this thread writes one.
 */
const runsPerThread = 3
/** More are of no use: this thread copies numbers to them and bytes away from them. */
const mostThreads = 3
/** A thread needs a small heap: what it writes lies outside. */
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 }

interface Waiting {
  resolve(text: Buffer): void
  reject(error: Error): void
}

/**
 * Threads that turn runs of numbers into text beside this one. None keeps the process alive while it has nothing to do.
 */
export class TextThreads {
  #threads: TextThread[] = []
  /** How many there may be. */
  #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get limit(): number {
    return this.#limit
  }

  /** Whether one would begin with a run now or soon. Starts those that are not there. */
  get free(): boolean {
    this.#replenish()
    return this.#threads.some((thread) => thread.free)
  }

  /** A run's text, later. To be called where `free` says so. */
  write(run: Run): Promise<Buffer> {
    return this.#threads
      .filter((thread) => thread.free)
      .reduce((one, other) => (other.load < one.load ? other : one))
      .write(run)
  }

  /** Starts all threads. @throws when one does not come up */
  async start(): Promise<void> {
    this.#replenish()
    await Promise.all(this.#threads.map((thread) => thread.ready))
  }

  async close(): Promise<void> {
    this.#limit = 0
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  #replenish(): void {
    while (this.#threads.length < this.#limit) {
      const thread = new TextThread((wasReady) => {
        const place = this.#threads.indexOf(thread)
        if (place < 0) return
        this.#threads.splice(place, 1)
        if (!wasReady) this.#limit-- // nor would the next one come up
      })
      this.#threads.push(thread)
    }
  }
}

let ofThisProcess = new TextThreads(0)

/** The threads beside this one that large answers may use; none before useTextThreads. */
export const textThreads = (): TextThreads => ofThisProcess

/** Lets large answers use so many cores, this thread's included. @throws when a thread does not come up */
export async function useTextThreads(cores: number): Promise<void> {
  const limit = Math.min(cores - 1, mostThreads)
  if (limit !== ofThisProcess.limit) {
    const before = ofThisProcess
    ofThisProcess = new TextThreads(limit)
    await before.close()
  }
  await ofThisProcess.start()
}

class TextThread {
  /** Fails when the thread ends before. */
  readonly ready: Promise<void>
  readonly #worker = new Worker(new URL('./text-thread.ts', import.meta.url), { resourceLimits })
  readonly #waiting: Waiting[] = []
  #isReady = false

  constructor(ended: (wasReady: boolean) => void) {
    const worker = this.#worker
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {}) // only who waits for it is to hear
    this.ready = promise
    worker.once('message', () => {
      this.#isReady = true
      resolve()
      worker.on('message', (answer: TextAnswer) => {
        this.#waiting.shift()!.resolve(textOf(answer))
        if (this.#waiting.length === 0) worker.unref()
      })
      worker.unref()
    })
    let cause: unknown
    worker.on('error', (error) => {
      cause = error
      ended(this.#isReady)
    })
    worker.on('exit', () => {
      // what it had done before has come
      ended(this.#isReady)
      const error = new Error('a thread that writes numbers as text ended', { cause })
      for (const waiting of this.#waiting) waiting.reject(error)
      reject(error)
    })
  }

  get load(): number {
    return this.#waiting.length
  }

  get free(): boolean {
    return this.#isReady && this.load < runsPerThread
  }

  write(run: Run): Promise<Buffer> {
    const order = orderOf(run)
    this.#worker.ref()
    this.#worker.postMessage(order, [order.block])
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
