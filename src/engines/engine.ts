import type { AttentionProblem } from '../problem/problem.ts'
import type { RowStatistics, RowSums } from '../statistics/row-statistics.ts'
import type { AttentionMaps } from '../tensor/attention-maps.ts'
import type { Tensor } from '../tensor/tensor.ts'

export type EngineName = 'reference' | 'direct' | 'onnxruntime' | 'tensorflow'
export type Device = 'cpu' | 'gpu'

/** What an engine should hand out besides the context and the rows' sums, which always come. */
export interface Wanted {
  readonly statistics?: boolean
  readonly weights?: boolean
  readonly scores?: boolean
  readonly queries?: boolean
  readonly keys?: boolean
  readonly values?: boolean
  readonly contextHeads?: boolean
}

export interface AttentionOutput {
  /** (batch, seqLen, outputDim); (batch, seqLen, 0) where the problem has no values */
  readonly context: Tensor
  /** Before dropout, as the source's classes return them. */
  readonly weights?: AttentionMaps
  /** q . k * scale; masked positions are -Infinity. */
  readonly scores?: AttentionMaps
  /** (batch, heads, seqLen, headDim) */
  readonly queries?: Tensor
  readonly keys?: Tensor
  readonly values?: Tensor
  /** (batch, heads, seqLen, headDim), before the output projection */
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
 * A way to solve attention problems. Engines are leaves: they know the problem and the statistics of a row, not
 * models, HTTP or each other. `run` may block its event loop; it hands out everything that `wanted` names and
 * nothing else, in arrays that belong to the caller from then on. It never writes to the problem's arrays.
 */
export interface Engine extends EngineIdentity {
  run(problem: AttentionProblem, wanted: Wanted): Promise<AttentionOutput>
  close(): Promise<void>
}
