import type { ExperimentConfig } from '../config.ts'

export const armNames = ['none', 'q', 'k', 'v', 'qkv'] as const
/** Which of the three projections have a bias. */
export type ArmName = (typeof armNames)[number]

/** CausalSelfAttention with and without biases. */
export interface BiasConfig extends ExperimentConfig {
  readonly experiment: 'bias'
  /** The arms to report. */
  readonly arms: readonly ArmName[]
}

/** The study's own configuration, which an empty request asks for. */
export const biasDefaults = {
  dIn: 20,
  dOut: 16,
  dropout: 0.1,
  input: { batch: 5, seqLen: 8 },
  arms: armNames,
} as const
