import type { AttentionProblem, DropoutMask, Projections } from '../../problem/problem.ts'
import type { ModelSpec } from './spec.ts'

/** What does not depend on the input's values: the problem of a spec, its projections and a batch of inputs. */
export function attentionProblem(from: {
  spec: ModelSpec
  headDim: number
  outputDim: number
  projections: Projections
  batch: number
  seqLen: number
  input: Float32Array
  dropout: DropoutMask | null
}): AttentionProblem {
  return {
    batch: from.batch,
    seqLen: from.seqLen,
    dIn: from.spec.dIn,
    numHeads: from.spec.numHeads,
    numKeyValueHeads: from.spec.numHeads,
    headDim: from.headDim,
    outputDim: from.outputDim,
    input: from.input,
    projections: from.projections,
    mask: 'causal',
    scale: 1 / Math.sqrt(from.headDim),
    dropout: from.dropout,
  }
}
