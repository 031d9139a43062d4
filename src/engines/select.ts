import { ServiceError } from '../errors.ts'
import type { AttentionProblem } from '../problem/problem.ts'
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

/** Multiply-adds of a problem: projections, scores, values mixed and the output projection. */
export function multiplyAdds(
  problem: Pick<AttentionProblem, 'batch' | 'seqLen' | 'dIn' | 'numHeads' | 'headDim' | 'outputDim'>,
): number {
  const { batch, seqLen, dIn, numHeads, headDim, outputDim } = problem
  const width = numHeads * headDim
  return batch * seqLen * (3 * dIn * width + width * outputDim) + batch * numHeads * seqLen * seqLen * headDim
}

/** What an exponential and its share of a row take in plain loops, in multiply-adds; half of the square is seen. */
const multiplyAddsPerWeight = 40

/** What a problem takes in plain loops, in multiply-adds. */
export function directWork(problem: Parameters<typeof multiplyAdds>[0]): number {
  const { batch, seqLen, numHeads } = problem
  return multiplyAdds(problem) + (multiplyAddsPerWeight * batch * numHeads * seqLen * (seqLen + 1)) / 2
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

  /** The engine that solves a problem: the one asked for, else by size. Throws `not-ready` where there is none. */
  for(problem: Parameters<typeof multiplyAdds>[0], name?: EngineName): Engine {
    if (name !== undefined) return this.named(name)
    if (this.failure !== null) throw new ServiceError('not-ready', this.failure)
    return this.#small !== this.#large && directWork(problem) > directLimit ? this.#large : this.#small
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((engine) => engine.close()))
  }
}
