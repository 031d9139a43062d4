import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

const momentMs = 50

/** Counts the requests whose answers are not out yet, so that a process can end when there are none. */
export class InFlight {
  #count = 0
  readonly #whenIdle = new Set<() => void>()

  get count(): number {
    return this.#count
  }

  /** Counts the requests of `app`, those excepted that are only looks at its health. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', (request, reply, done) => {
      if (request.url.startsWith('/health/')) return done()
      this.#count++
      reply.raw.once('close', () => {
        if (--this.#count === 0) for (const resolve of this.#whenIdle) resolve()
      })
      done()
    })
  }

  /** Resolves when nothing has been in flight for a moment, or after `withinMs`. */
  async idle(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs
    do {
      await this.#zero(end - performance.now())
      await sleep(momentMs) // what has arrived but was not read, because this process was busy
    } while (this.#count > 0 && performance.now() < end)
  }

  async #zero(withinMs: number): Promise<void> {
    if (this.#count === 0) return
    let timer: NodeJS.Timeout | undefined
    let resolved!: () => void
    await new Promise<void>((resolve) => {
      this.#whenIdle.add((resolved = resolve))
      timer = setTimeout(resolve, withinMs)
    })
    clearTimeout(timer)
    this.#whenIdle.delete(resolved)
  }
}

/**
 * Closes the port, and connections that are idle at once, the others when their request is over or a moment has passed.
 */
export async function closeApp(app: FastifyInstance): Promise<void> {
  const cutting = setTimeout(() => app.server.closeAllConnections(), 1_000)
  await app.close()
  clearTimeout(cutting)
}
