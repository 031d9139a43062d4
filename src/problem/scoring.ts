import type { Broadcast } from './broadcast.ts'
import type { Floats } from './operands.ts'

/**
 * How q . k becomes a weight. The order is fixed: rotary positions, q . k, scale, soft cap, bias and slopes, mask,
 * softmax with the sink, dropout, values.
 */
export interface Scoring {
  readonly scale: number
  /** c * tanh(s / c) of the scaled product s, or null. */
  readonly softCap: number | null
  /** Added to the scores. A key that -Infinity is added to is hidden: `visibility` says so. */
  readonly bias: Broadcast<Floats> | null
  /** ALiBi (Press et al. 2022), one a head: adds -slope * (position - key). Needs the queries' own positions. */
  readonly slopes: Floats | null
  /**
   * One a head: a logit that takes part in the softmax's sum and in nothing else, so that rows sum to less than one.
   */
  readonly sinks: Floats | null
}

/** Scores that are products times a scale. */
export function scaled(scale: number): Scoring {
  return { scale, softCap: null, bias: null, slopes: null, sinks: null }
}
