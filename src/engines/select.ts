import { invalid, ServiceError } from '../errors.ts'
import type { ProblemOutline } from '../problem/outline.ts'
import { multiplyAdds } from '../problem/size.ts'
import { seenPairs } from '../problem/visibility.ts'
import type { Device, Engine, EngineIdentity, EngineName } from './engine.ts'

/** Whether an engine can run here, and if not, why and what to do about it. */
export type Availability =
  | {
      readonly name: EngineName
      readonly available: true
      readonly devices: readonly Device[]
      readonly identity: EngineIdentity
    }
  | { readonly name: EngineName; readonly available: false; readonly reason: string }

/** What an exponential and its share of a row take in plain loops, in multiply-adds. */
const multiplyAddsPerWeight = 40

/** What a problem takes in plain loops, in multiply-adds. */
export function directWork({ size, visibility }: Pick<ProblemOutline, 'size' | 'visibility'>): number {
  const seen = seenPairs(visibility, size)
  return multiplyAdds(size, seen) + multiplyAddsPerWeight * seen
}

/** Up to so much work plain loops answer sooner than a native call does: bench/engines.ts. */
export const directLimit = 400_000

/** The engines of a process: the enabled ones, and the rule by which `auto` takes one. */
export class Engines {
  readonly #enabled: ReadonlyMap<EngineName, Engine>
  readonly #large: Engine
  readonly #small: Engine
  readonly availability: readonly Availability[]
  /** Why what the configuration asks for cannot run here, or null. Then nothing runs in its place. */
  readonly failure: string | null

  /** `small` and `large` are what a request without a named engine runs on; equal when an engine was forced. */
  constructor(
    enabled: readonly Engine[],
    small: Engine,
    large: Engine,
    availability: readonly Availability[],
    failure: string | null = null,
  ) {
    this.#enabled = new Map(enabled.map((engine) => [engine.name, engine]))
    this.#small = small
    this.#large = large
    this.availability = availability
    this.failure = failure
  }

  /** The engine for large problems, which names the process's device. */
  get main(): Engine {
    return this.#large
  }

  get all(): readonly Engine[] {
    return [...this.#enabled.values()]
  }

  /** Throws `engine-not-enabled` for a name that this process does not run. */
  named(name: EngineName): Engine {
    const engine = this.#enabled.get(name)
    if (engine === undefined) {
      const message = `${name} is not enabled here; enabled are ${[...this.#enabled.keys()].join(', ')} (GET /engines says why)`
      throw new ServiceError('engine-not-enabled', message, { places: [{ path: '/engine', message }] })
    }
    return engine
  }

  /**
   * The engine that solves some problems: the one asked for, else by the size of the largest. Throws `invalid-request`
   * where it cannot solve one of them, `not-ready` where there is none.
   */
  for(problems: ProblemOutline | readonly ProblemOutline[], name?: EngineName): Engine {
    const outlines = 'size' in problems ? [problems] : problems
    if (name !== undefined) return firstAble([this.named(name)], outlines, this.all)
    if (this.failure !== null) throw new ServiceError('not-ready', this.failure)
    const isSmall = this.#small === this.#large || outlines.every((outline) => directWork(outline) <= directLimit)
    return firstAble(isSmall ? [this.#small, this.#large] : [this.#large, this.#small], outlines, this.all)
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((engine) => engine.close()))
  }
}

/** The first engine that can solve such problems. */
function firstAble(candidates: readonly Engine[], outlines: readonly ProblemOutline[], all: readonly Engine[]): Engine {
  const able = candidates.find((engine) => whyUnable(engine, outlines) === null)
  if (able !== undefined) return able
  const others = all.filter((engine) => whyUnable(engine, outlines) === null).map(({ name }) => name)
  const advice = others.length === 0 ? 'no engine here does' : `ask for ${others.join(' or ')}`
  const [first] = candidates
  throw invalid('/engine', `${first!.name} does not compute ${whyUnable(first!, outlines)}; ${advice}`)
}

/** What of some problems an engine cannot solve, or null. */
function whyUnable(engine: Engine, outlines: readonly ProblemOutline[]): string | null {
  for (const outline of outlines) {
    const reason = engine.unsupported(outline)
    if (reason !== null) return reason
  }
  return null
}
