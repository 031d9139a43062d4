/** What a watcher is told of a job. */
export interface Change {
  readonly event: number
  readonly state: string
}

const everyMs = 500

/**
 * Tells when watched jobs change, whoever changed them: one query for all that are watched, twice a second, and at once
 * after a change of this process.
 */
export class JobWatch {
  readonly #changes: (ids: readonly string[]) => Promise<{ id: string; event: number; state: string }[]>
  readonly #watchers = new Map<string, Set<(change: Change) => void>>()
  #timer: NodeJS.Timeout | undefined
  #looking = false
  #again = false

  constructor(changes: (ids: readonly string[]) => Promise<{ id: string; event: number; state: string }[]>) {
    this.#changes = changes
  }

  /** Calls `tell` with how the job stands, again and again, until the returned function is called. */
  watch(id: string, tell: (change: Change) => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, watchers.add(tell))
    this.#timer ??= setInterval(() => void this.look(), everyMs)
    return () => {
      watchers.delete(tell)
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id)
      if (this.#watchers.size === 0) this.stop()
    }
  }

  /** Looks now. */
  async look(): Promise<void> {
    if (this.#watchers.size === 0) return
    this.#again = true
    if (this.#looking) return
    this.#looking = true
    while (this.#again) {
      this.#again = false
      // A database that does not answer is seen by those who ask it something; here the next look will do.
      const changes = await this.#changes([...this.#watchers.keys()]).catch(() => [])
      for (const { id, ...change } of changes) for (const tell of [...(this.#watchers.get(id) ?? [])]) tell(change)
    }
    this.#looking = false
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
