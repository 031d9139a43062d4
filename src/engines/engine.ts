import type { ProblemOutline } from '../problem/outline.ts'
import type { AttentionProblem } from '../problem/problem.ts'
import type { RowStatistics, RowSums } from '../statistics/row-statistics.ts'
import type { AttentionMaps } from '../tensor/attention-maps.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { EngineCost } from './cost.ts'

/** Every engine that there is, by its name on the wire. */
export const engineNames = ['reference', 'direct', 'onnxruntime', 'tensorflow'] as const
export type EngineName = (typeof engineNames)[number]
export type Device = 'cpu' | 'gpu'

/** What an engine should hand out besides the context and the rows' sums, which always come. */
export interface Wanted {
  readonly statistics?: boolean
  readonly weights?: boolean
  /** q . k at every position, hidden ones too. */
  readonly products?: boolean
  readonly scores?: boolean
  readonly queries?: boolean
  readonly keys?: boolean
  readonly values?: boolean
  readonly contextHeads?: boolean
}

export interface AttentionOutput {
  /** (batch, queries, contextDim); (batch, queries, 0) where the problem has no values */
  readonly context: Tensor
  /** Before dropout, as the source's classes return them. Rows that see no key are zeros. */
  readonly weights?: AttentionMaps
  /** (batch, heads, queries, keys): q . k before the scale, at every position, hidden ones too */
  readonly products?: Tensor
  /** After scale, soft cap, bias and slopes; hidden positions are -Infinity. */
  readonly scores?: AttentionMaps
  /** (batch, heads, queries, headDim), after rotary positions */
  readonly queries?: Tensor
  /** (batch, keyValueHeads, keys, headDim), after rotary positions */
  readonly keys?: Tensor
  /** (batch, keyValueHeads, keys, valueDim) */
  readonly values?: Tensor
  /** (batch, heads, queries, valueDim), before the output projection */
  readonly contextHeads?: Tensor
  /** Of the weights before dropout, which need not be kept for them. It may know more of the rows than it says. */
  readonly rowSums: RowSums
  readonly rowStatistics?: RowStatistics
}

/** How an engine names itself in answers, logs and /engines. */
export interface EngineIdentity {
  readonly name: EngineName
  readonly device: Device
  readonly version: string
}

/**
 * A way to solve attention problems. Engines are leaves: they know the problem and the statistics of a row, not where
 * problems come from, HTTP or each other. `run` hands out everything that `wanted` names and nothing else, in arrays
 * that belong to the caller from then on. It never writes to the problem's arrays. It may block its event loop for as
 * long as a part of its work takes; between parts it looks at `signal`, and throws its reason once it has aborted.
 */
export interface Engine extends EngineIdentity {
  /** Null where it can solve such problems, else what it cannot: "rotary positions". It is never run on those. */
  unsupported(outline: ProblemOutline): string | null
  /** What a run would take; an upper estimate, for problems of any size. */
  cost(outline: ProblemOutline, wanted: Wanted): EngineCost
  run(problem: AttentionProblem, wanted: Wanted, signal?: AbortSignal): Promise<AttentionOutput>
  close(): Promise<void>
}
