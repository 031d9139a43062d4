import type { Projections } from '../problem/operands.ts'
import type { AttentionProblem } from '../problem/problem.ts'

/** The one input of self-attention and its projections. @throws TypeError of a problem that has others */
export function selfAttentionOperands({ operands }: AttentionProblem): {
  /** (batch, length, dIn) */
  readonly input: Float32Array
  readonly projections: Projections
} {
  if (operands.kind !== 'projected') throw new TypeError('the problem has no projections')
  return { input: operands.queryInput, projections: operands.projections }
}
