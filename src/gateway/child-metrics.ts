import type { Child } from './child.ts'

const withinMs = 500

/** A child's metrics, asked for over its channel. */
export class ChildMetrics {
  readonly #child: Child
  readonly #waiting = new Map<number, (metrics: readonly unknown[]) => void>()
  #nextId = 0

  constructor(child: Child) {
    this.#child = child
  }

  /** As prom-client's JSON; null when it does not answer soon. */
  ask(): Promise<readonly unknown[] | null> {
    if (this.#child.state !== 'ready') return Promise.resolve(null)
    const id = this.#nextId++
    return new Promise((resolve) => {
      const done = (metrics: readonly unknown[] | null): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(metrics)
      }
      const timer = setTimeout(done, withinMs, null)
      this.#waiting.set(id, done)
      this.#child.send({ type: 'metrics', id })
    })
  }

  /** It answered. */
  heard({ id, metrics }: { readonly id: number; readonly metrics: readonly unknown[] }): void {
    this.#waiting.get(id)?.(metrics)
  }
}
