/**
 * The lines that requests wait in, in the order in which they are served: people's computations, people's experiments
 * (long, and interruptible between seeds), the chunks of jobs.
 */
export const lines = ['interactive', 'experiment', 'background'] as const
export type Line = (typeof lines)[number]

/** A line for each kind of request, each first come, first served; what comes back to a line stands at its head. */
export class Lines<T> {
  readonly #lines: Readonly<Record<Line, { readonly first: T[]; readonly rest: Set<T> }>> = {
    interactive: { first: [], rest: new Set() },
    experiment: { first: [], rest: new Set() },
    background: { first: [], rest: new Set() },
  }

  get size(): number {
    let size = 0
    for (const line of lines) size += this.length(line)
    return size
  }

  length(line: Line): number {
    return this.#lines[line].first.length + this.#lines[line].rest.size
  }

  add(item: T, line: Line): void {
    this.#lines[line].rest.add(item)
  }

  /** It has waited already. */
  addFirst(item: T, line: Line): void {
    this.#lines[line].first.unshift(item)
  }

  /** Who is next in a line, without taking it. */
  peek(line: Line): T | undefined {
    const { first, rest } = this.#lines[line]
    if (first.length > 0) return first[0]
    for (const item of rest) return item
    return undefined
  }

  /** Takes an item out, wherever it stands; false when it was not there. */
  remove(item: T, line: Line): boolean {
    const { first, rest } = this.#lines[line]
    const place = first.indexOf(item)
    if (place < 0) return rest.delete(item)
    first.splice(place, 1)
    return true
  }

  takeAll(): T[] {
    const all: T[] = []
    for (const { first, rest } of Object.values(this.#lines)) {
      all.push(...first, ...rest)
      first.length = 0
      rest.clear()
    }
    return all
  }
}
