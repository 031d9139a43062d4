import type { FastifyInstance } from 'fastify'

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

  /** Resolves when nothing is in flight, or after `withinMs`. */
  async idle(withinMs: number): Promise<void> {
    if (this.#count === 0) return
    let timer: NodeJS.Timeout | undefined
    let resolved!: () => void
    await new Promise<void>((resolve) => {
      this.#whenIdle.add(resolved = resolve)
      timer = setTimeout(resolve, withinMs)
    })
    clearTimeout(timer)
    this.#whenIdle.delete(resolved)
  }
}

/** Closes the port, and connections that are idle at once, the others when their request is over or a moment has passed. */
export async function closeApp(app: FastifyInstance): Promise<void> {
  const cutting = setTimeout(() => app.server.closeAllConnections(), 1_000)
  await app.close()
  clearTimeout(cutting)
}
