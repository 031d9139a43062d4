import type { AttentionOutput, EngineIdentity } from '../engines/engine.ts'
import type { NamedParameters } from '../sources/chapter-3/model.ts'
import type { ContextStatistics } from '../statistics/context-statistics.ts'
import type { Similarity } from '../statistics/similarity.ts'
import type { Checks, HeadStatistics, UniformStatistics } from '../statistics/summary.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { AttentionRequest } from './request.ts'

export interface Summary {
  readonly weights: HeadStatistics
  readonly uniform: UniformStatistics
  readonly context: ContextStatistics
}

/** What a request came to. Heads and rows are all here; the encoders take those that the request selects. */
export interface AttentionResult {
  readonly request: AttentionRequest
  readonly numParameters: number
  /** (batch, seqLen, dIn) */
  readonly input: Tensor
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
