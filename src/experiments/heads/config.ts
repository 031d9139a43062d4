import type { ExperimentConfig } from '../config.ts'

/** MultiHeadAttention with different numbers of heads. */
export interface HeadsConfig extends ExperimentConfig {
  readonly experiment: 'heads'
  /** At least two, all different, each a divisor of dOut. Claims compare the first with the last. */
  readonly numHeads: readonly number[]
}

/** The study's own configuration, which an empty request asks for. */
export const headsDefaults = {
  dIn: 4,
  dOut: 4,
  dropout: 0.1,
  input: { batch: 5, seqLen: 6 },
  numHeads: [2, 4],
} as const
