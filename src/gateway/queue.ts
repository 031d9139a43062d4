/** How soon a request is served: people first, then the chunks of jobs. */
export type Priority = 'interactive' | 'background'

/** Two lines, each first come, first served; the background one moves only when nobody interactive waits. */
export class PriorityQueue<T> {
  readonly #lines: Readonly<Record<Priority, Set<T>>> = { interactive: new Set(), background: new Set() }
  /** Those that go before all others, the latest first: they have waited already. */
  readonly #first: T[] = []

  get size(): number {
    return this.#first.length + this.#lines.interactive.size + this.#lines.background.size
  }

  add(item: T, priority: Priority): void {
    this.#lines[priority].add(item)
  }

  addFirst(item: T): void {
    this.#first.unshift(item)
  }

  /** Who is next, without taking it. */
  peek(): T | undefined {
    if (this.#first.length > 0) return this.#first[0]
    for (const item of this.#lines.interactive) return item
    for (const item of this.#lines.background) return item
    return undefined
  }

  /** Takes an item out, wherever it stands; false when it was not there. */
  remove(item: T): boolean {
    const place = this.#first.indexOf(item)
    if (place >= 0) {
      this.#first.splice(place, 1)
      return true
    }
    return this.#lines.interactive.delete(item) || this.#lines.background.delete(item)
  }

  takeAll(): T[] {
    const all = [...this.#first, ...this.#lines.interactive, ...this.#lines.background]
    this.#first.length = 0
    this.#lines.interactive.clear()
    this.#lines.background.clear()
    return all
  }
}
