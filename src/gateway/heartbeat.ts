import type { Child } from './child.ts'

const everyMs = 2_000
/** Opening a large database again after a crash can take many seconds; one that is silent for longer is stuck. */
const silentForMs = 30_000

/** Asks a child that has no deadlines of its own whether its event loop is free, and kills it when it says nothing. */
export class Heartbeat {
  readonly #child: Child
  #heardAt = 0
  #askedAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(child: Child) {
    this.#child = child
  }

  /** The child is ready. */
  start(): void {
    this.stop()
    this.#heardAt = this.#askedAt = performance.now()
    this.#timer = setInterval(() => this.#ask(), everyMs)
    this.#timer.unref()
  }

  /** It answered. */
  heard(): void {
    this.#heardAt = performance.now()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #ask(): void {
    const now = performance.now()
    // This process itself stood still: what the child has said meanwhile is heard after this.
    if (now - this.#askedAt > 2 * everyMs) this.#heardAt = now
    this.#askedAt = now
    if (now - this.#heardAt > silentForMs) {
      this.stop()
      this.#child.kill(`it has not answered for ${silentForMs / 1000} seconds`)
    } else this.#child.send({ type: 'ping' })
  }
}
