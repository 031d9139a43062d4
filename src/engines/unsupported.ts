import type { Feature, ProblemOutline } from '../problem/outline.ts'
import type { Visibility } from '../problem/visibility.ts'

/** What an engine solves beside projections of one input and scaled products. */
export interface Abilities {
  readonly features: readonly Feature[]
  readonly visibilities: readonly Visibility['kind'][]
  /** Queries and keys of different lengths, values of another width than keys. */
  readonly anyShape: boolean
}

const words: Readonly<Record<Visibility['kind'], string>> = {
  'every-key': 'attention without a mask',
  causal: 'the causal mask',
  intervals: 'masks other than the causal one',
  holes: 'masks with holes',
}

/** The first thing of a problem that is beyond these abilities, or null. */
export function firstUnsupported({ size, visibility, features }: ProblemOutline, abilities: Abilities): string | null {
  for (const feature of features) if (!abilities.features.includes(feature)) return feature
  if (!abilities.visibilities.includes(visibility.kind)) return words[visibility.kind]
  if (size.queries !== size.keys && !abilities.anyShape) return 'queries and keys of different lengths'
  if (size.valueDim !== size.headDim && !abilities.anyShape) return 'values of another width than keys'
  return null
}

/** What the classes of chapter 3 take. */
export const causalSelfAttention: Abilities = { features: ['dropout'], visibilities: ['causal'], anyShape: false }
