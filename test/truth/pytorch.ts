import { readFileSync } from 'node:fs'

export type Nested = readonly (number | null | Nested)[]

/** A tensor as PyTorch gives it: in full, or by sums over its finite numbers and single values. */
export interface RecordedTensor {
  readonly shape: readonly number[]
  readonly sum: number
  readonly sum_sq: number
  readonly min: number
  readonly max: number
  readonly first: readonly (number | null)[]
  readonly last: readonly (number | null)[]
  readonly values?: Nested | null
  /** Index in row-major order, value. */
  readonly spots?: readonly (readonly [number, number | null])[]
}

export const stages = ['input', 'queries', 'keys', 'values', 'scores', 'weights', 'context_heads', 'context'] as const
export type Stage = (typeof stages)[number]

/** A request and what PyTorch 2.9.1 answers. */
export interface PyTorchCase extends Readonly<Partial<Record<Stage, RecordedTensor>>> {
  readonly name: string
  readonly path: string
  readonly body: Readonly<Record<string, unknown>> & { readonly model: { readonly d_in: number } }
  readonly parameters: Readonly<Record<string, RecordedTensor>>
  readonly weights: RecordedTensor
  readonly context: RecordedTensor
  /** Relative to the larger of 1 and a tensor's greatest magnitude. */
  readonly tolerance: number
  /** Over all rows, row 0 too. */
  readonly row_entropy_nats_mean_per_head?: readonly number[]
}

type GivenCase = Omit<PyTorchCase, 'tolerance'>

function read<T>(file: string): readonly T[] {
  return (JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { cases: T[] }).cases
}

/** pytorch-given.json: to be met within 1e-6, 1e-5 at width 768. */
export const givenCases: readonly PyTorchCase[] = read<GivenCase>('./pytorch-given.json').map((each) => ({
  ...each,
  tolerance: each.body.model.d_in >= 768 ? 1e-5 : 1e-6,
}))

/** pytorch-cases.json, made by attention.py. */
export const ownCases: readonly PyTorchCase[] = read('./pytorch-cases.json')
