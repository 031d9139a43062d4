import { selfAttentionOutline } from '../../problem/outline.ts'
import type { ProblemOutline } from '../../problem/outline.ts'

/** The three classes of chapter 3 of *LLMs from Scratch*, as the source study changed them. */
export type ModelKind = 'causal' | 'multi-head-wrapper' | 'multi-head'

export const modelKinds: readonly ModelKind[] = ['causal', 'multi-head-wrapper', 'multi-head']

/** A model's configuration with every default filled in. */
export interface ModelSpec {
  readonly kind: ModelKind
  readonly dIn: number
  /** Of one head for the wrapper, of all heads together for multi-head. */
  readonly dOut: number
  readonly contextLength: number
  /** 1 for causal. */
  readonly numHeads: number
  /** 0 <= p < 1 */
  readonly dropout: number
  readonly qkvBias: boolean
  /** Whether an output projection follows: never for causal, always for multi-head, a choice for the wrapper. */
  readonly outProj: boolean
}

/** Width of one head's queries, keys and values. */
export function headDim(spec: ModelSpec): number {
  return spec.kind === 'multi-head' ? spec.dOut / spec.numHeads : spec.dOut
}

/** Width of all heads' values side by side. */
export function headsWidth(spec: ModelSpec): number {
  return headDim(spec) * spec.numHeads
}

/** Width of a context vector. */
export function outputDim(spec: ModelSpec): number {
  return headsWidth(spec)
}

/** The problem of a model and an input, all but its numbers. */
export function specOutline(
  spec: ModelSpec,
  batch: number,
  length: number,
  context: boolean,
  dropout: boolean,
): ProblemOutline {
  return selfAttentionOutline({
    batch,
    length,
    dIn: spec.dIn,
    heads: spec.numHeads,
    headDim: headDim(spec),
    outputDim: spec.outProj ? outputDim(spec) : 0,
    context,
    dropout,
  })
}
