import type { EngineName } from '../engines/engine.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { ExperimentKind } from './kinds.ts'

export const pairings = ['parameters', 'notebook'] as const
/**
 * `parameters`: one stream of random numbers a parameter, so that all arms of a seed have identical weights.
 * `notebook`: each arm's model is built right after manual_seed(seed), as the study did.
 */
export type Pairing = (typeof pairings)[number]

/** The seeds of an experiment: a range, or a list without repetitions. */
export type Seeds = { readonly first: number; readonly count: number } | { readonly list: readonly number[] }

/** Fresh standard normals for each seed, or values that every seed gets. */
export type ExperimentInput = { readonly batch: number; readonly seqLen: number } | { readonly values: Tensor }

/** What every experiment is configured with. */
export interface ExperimentConfig {
  readonly experiment: ExperimentKind
  readonly dIn: number
  readonly dOut: number
  /** The model's; the experiments run in eval mode, where it does nothing. */
  readonly dropout: number
  readonly input: ExperimentInput
  readonly seeds: Seeds
  readonly pairing: Pairing
  /** Of every interval, 0 to 1. */
  readonly confidence: number
  /** What counts as practically identical. */
  readonly margin: number
  readonly engine: EngineName | undefined
}

/** What a request that does not say is filled in with, whatever the experiment. */
export const defaults = {
  seeds: { first: 0, count: 400 },
  pairing: 'parameters',
  confidence: 0.95,
  margin: 0.05,
} as const

export function countSeeds(seeds: Seeds): number {
  return 'list' in seeds ? seeds.list.length : seeds.count
}

export function seedAt(seeds: Seeds, position: number): number {
  return 'list' in seeds ? seeds.list[position]! : seeds.first + position
}

/** (batch, seqLen) of the input. */
export function inputSize(input: ExperimentInput): { batch: number; seqLen: number } {
  return 'values' in input ? { batch: input.values.shape[0]!, seqLen: input.values.shape[1]! } : input
}
