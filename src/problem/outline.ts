import type { AttentionProblem } from './problem.ts'
import { selfAttentionSize } from './size.ts'
import type { ProblemSize } from './size.ts'
import { causal } from './visibility.ts'
import type { Visibility } from './visibility.ts'

/** What a problem may have beside projections of one input and scaled products. */
export const features = [
  'given queries, keys and values',
  'separate inputs of queries, keys and values',
  'norms of queries and keys',
  'rotary positions',
  'a soft cap',
  'a bias of the scores',
  'slopes by distance (ALiBi)',
  'attention sinks',
  'dropout',
] as const
export type Feature = (typeof features)[number]

/** All of a problem but its numbers: enough to choose an engine, and to know what it takes and whether it can do it. */
export interface ProblemOutline {
  readonly size: ProblemSize
  readonly visibility: Visibility
  readonly features: ReadonlySet<Feature>
  /** Whether values are mixed into contexts; a problem without is one of maps alone. */
  readonly context: boolean
}

/** The outline of a problem that is there. */
export function outlineOf(problem: AttentionProblem): ProblemOutline {
  const { size, visibility, operands, rotary, scoring, dropout } = problem
  const found = new Set<Feature>()
  if (operands.kind === 'given') {
    found.add('given queries, keys and values')
  } else {
    const { queryInput, keyInput, valueInput, queryNorm, keyNorm } = operands
    if (queryInput !== keyInput || keyInput !== valueInput) found.add('separate inputs of queries, keys and values')
    if (queryNorm !== null || keyNorm !== null) found.add('norms of queries and keys')
  }
  if (rotary !== null) found.add('rotary positions')
  if (scoring.softCap !== null) found.add('a soft cap')
  if (scoring.bias !== null) found.add('a bias of the scores')
  if (scoring.slopes !== null) found.add('slopes by distance (ALiBi)')
  if (scoring.sinks !== null) found.add('attention sinks')
  if (dropout !== null) found.add('dropout')
  const value = operands.kind === 'given' ? operands.value : operands.projections.value
  return { size, visibility, features: found, context: value !== null }
}

/** The outline of causal self-attention. */
export function selfAttentionOutline(
  of: Parameters<typeof selfAttentionSize>[0] & { readonly context?: boolean; readonly dropout?: boolean },
): ProblemOutline {
  return {
    size: selfAttentionSize(of),
    visibility: causal(of.length),
    features: new Set(of.dropout === true ? ['dropout'] : []),
    context: of.context ?? true,
  }
}
