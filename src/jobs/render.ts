import { Worker } from 'node:worker_threads'
import { ServiceError } from '../errors.ts'
import type { JobKind } from './job.ts'
import type { Render } from './runner.ts'

/** What the thread is asked, and what it says. */
export interface RenderOrder {
  readonly id: number
  readonly kind: JobKind
  readonly request: string
  readonly answers: readonly string[]
  readonly form: string
}
export interface Rendered {
  readonly id: number
  readonly bytes?: Uint8Array
  readonly error?: string
}

const idleMs = 60_000

/**
 * Makes reports and figures in a thread of its own, one after the other: 100,000 seeds take seconds, in which this
 * process has heartbeats to send. The thread ends when it has had nothing to do for a minute.
 */
export class RenderThread {
  readonly #file: URL
  readonly #waiting = new Map<number, { resolve(bytes: Buffer): void; reject(error: Error): void }>()
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | undefined
  #nextId = 0

  /** @param file the module that answers RenderOrders */
  constructor(file: URL) {
    this.#file = file
  }

  readonly render: Render = (kind, request, answers, form) =>
    new Promise((resolve, reject) => {
      const id = this.#nextId++
      clearTimeout(this.#idle)
      this.#waiting.set(id, { resolve, reject })
      this.#worker ??= this.#start()
      this.#worker.ref()
      this.#worker.postMessage({ id, kind, request, answers, form } satisfies RenderOrder)
    })

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    await this.#worker?.terminate()
    this.#worker = null
  }

  #start(): Worker {
    const worker = new Worker(this.#file)
    worker.on('message', ({ id, bytes, error }: Rendered) => {
      const order = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (bytes !== undefined) order?.resolve(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      else order?.reject(new Error(error))
      if (this.#waiting.size > 0) return
      worker.unref()
      this.#idle = setTimeout(() => void this.close(), idleMs)
      this.#idle.unref()
    })
    const lost = (cause: unknown): void => {
      if (this.#worker === worker) this.#worker = null
      for (const { reject } of this.#waiting.values())
        reject(
          new ServiceError('internal', 'The report could not be made; the log of the service has the details.', {
            cause,
          }),
        )
      this.#waiting.clear()
    }
    worker.on('error', lost)
    worker.on('exit', lost)
    return worker
  }
}
