import type { AttentionOutput, EngineIdentity } from '../engines/engine.ts'
import type { ProblemSize } from '../problem/size.ts'
import type { Visibility } from '../problem/visibility.ts'
import type { NamedParameters, SourceDescription } from '../sources/source.ts'
import type { ContextStatistics } from '../statistics/context-statistics.ts'
import type { Similarity } from '../statistics/similarity.ts'
import type { Checks, HeadStatistics, UniformStatistics } from '../statistics/summary.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { ReturnName } from './request.ts'

export interface Summary {
  readonly weights: HeadStatistics
  readonly uniform: UniformStatistics
  /** The sink's mean share of each head, null where there are no sinks. */
  readonly sinkWeight: readonly (number | null)[] | null
  /** Null where there are no values to be mixed. */
  readonly context: ContextStatistics | null
}

/** What one layer came to. Heads and rows are all here; the encoders take those that are to be shown. */
export interface AttentionResult {
  readonly source: SourceDescription
  readonly returns: ReadonlySet<ReturnName>
  /** Null where the source has but one. */
  readonly layer: number | null
  readonly size: ProblemSize
  readonly visibility: Visibility
  /** By the names that the source's description has for them. */
  readonly inputs: ReadonlyMap<string, Tensor>
  readonly output: AttentionOutput
  /** Null where the request does not ask for it, like the next two. */
  readonly parameters: NamedParameters | null
  readonly summary: Summary | null
  readonly similarity: Similarity | null
  readonly checks: Checks
  readonly engine: EngineIdentity
  /**
   * Gives the memory of the arrays here to the next requests: nothing of them is to be read any more. The garbage
   * collector does it where nobody says so, later and at a cost.
   */
  letGo(): void
}
