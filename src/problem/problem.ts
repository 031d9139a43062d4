import type { DropoutMask } from './dropout.ts'
import type { Operands, Projections, Rotary } from './operands.ts'
import { scaled } from './scoring.ts'
import type { Scoring } from './scoring.ts'
import { selfAttentionSize } from './size.ts'
import type { ProblemSize } from './size.ts'
import { causal } from './visibility.ts'
import type { Visibility } from './visibility.ts'

/** What an engine solves; it knows nothing of where the problem comes from. */
export interface AttentionProblem {
  readonly size: ProblemSize
  readonly operands: Operands
  readonly rotary: Rotary | null
  readonly visibility: Visibility
  readonly scoring: Scoring
  readonly dropout: DropoutMask | null
}

/** Self-attention over one input, causal and scaled by 1 / sqrt(headDim) unless something else is said. */
export function selfAttention(of: {
  readonly batch: number
  readonly length: number
  readonly dIn: number
  readonly heads: number
  readonly keyValueHeads?: number
  readonly headDim: number
  /** Of the output projection, where there is one. */
  readonly outputDim?: number
  /** (batch, length, dIn) */
  readonly input: Float32Array
  readonly projections: Projections
  readonly visibility?: Visibility
  readonly dropout?: DropoutMask | null
}): AttentionProblem {
  const { input, projections, length, headDim, visibility = causal(length), dropout = null } = of
  return {
    size: selfAttentionSize(of),
    operands: {
      kind: 'projected',
      queryInput: input,
      keyInput: input,
      valueInput: input,
      projections,
      queryNorm: null,
      keyNorm: null,
    },
    rotary: null,
    visibility,
    scoring: scaled(1 / Math.sqrt(headDim)),
    dropout,
  }
}
