import type { EngineName } from '../engines/engine.ts'
import type { AttentionSource, Needs } from '../sources/source.ts'
import type { Presentation } from './presentation.ts'

/** Everything that an answer can hold, by its name on the wire. */
export const returnNames = [
  'weights',
  'context',
  'summary',
  'input',
  'parameters',
  'queries',
  'keys',
  'values',
  'scores',
  'context_heads',
  'similarity',
] as const
/** `products` is asked of given queries and keys alone. */
export type ReturnName = (typeof returnNames)[number] | 'products'

/** What is to be computed, checked and with every default filled in. */
export interface Computation {
  readonly source: AttentionSource
  /** The engine asked for, if any. */
  readonly engine: EngineName | undefined
  readonly returns: ReadonlySet<ReturnName>
}

/** And how it is to be shown, which changes nothing of what is computed. */
export interface AttentionRequest extends Computation {
  readonly presentation: Presentation
}

/** What can be asked for only with values mixed, or with all parameters drawn. */
const beyondMaps: readonly ReturnName[] = ['context', 'context_heads', 'values', 'summary', 'parameters']

/** What is needed of a source for these. */
export function needsOf(returns: ReadonlySet<ReturnName>): Needs {
  return { context: beyondMaps.some((name) => returns.has(name)), parameters: returns.has('parameters') }
}
