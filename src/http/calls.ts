/** The header in which a gateway numbers each of its calls to a worker, to speak of it over their channel. */
export const callHeader = 'x-gateway-call'

/** Calls that were given up before they came here, of which so many are remembered. */
const mostUnknown = 1_000

interface Working {
  /** What waits for its end. */
  readonly ended: ((workUnits: number) => void)[]
}

/**
 * The gateway's calls that a worker computes for, from before their turn to its end: a turn that is not given back is
 * not seen from outside, where native work leaves the event loop free to answer.
 */
export class Calls {
  readonly #working = new Map<string, Working>()
  readonly #givenUp = new Set<string>()

  /** Its work begins; false where nobody waits for it any more. */
  begin(id: string): boolean {
    if (this.#givenUp.delete(id)) return false
    this.#working.set(id, { ended: [] })
    return true
  }

  /** Its turn is over; `workUnits` of work were done. */
  end(id: string, workUnits: number): void {
    const working = this.#working.get(id)
    this.#working.delete(id)
    for (const ended of working?.ended ?? []) ended(workUnits)
  }

  /** Nobody waits for it any more. `ended` is called when it holds nothing here: at once where it has not begun. */
  giveUp(id: string, ended: (workUnits: number) => void): void {
    const working = this.#working.get(id)
    if (working !== undefined) {
      working.ended.push(ended)
      return
    }
    this.#givenUp.add(id)
    if (this.#givenUp.size > mostUnknown) for (const oldest of this.#givenUp) if (this.#givenUp.delete(oldest)) break
    ended(0)
  }
}
