import type { AttentionRule } from '../architecture.ts'
import type { Segment } from './plan.ts'

/** A matrix of (rows, width) on the way from segment to segment, in whatever form an interpreter keeps it. */
export interface Rows {
  readonly rows: number
  readonly width: number
}

/** What a segment is computed for: which tokens, at which positions, in which of its rows. */
export interface SegmentInputs<R extends Rows> {
  readonly values: Readonly<Record<string, R>>
  /** Ids of the tokens at positions 0, 1, ...: as many as there are rows. The first layer reads them. */
  readonly tokens: readonly number[]
  /** Factors of biases, by the inputs that the segment's steps name. */
  readonly gains: Readonly<Record<string, Float32Array>>
  /** The next token of each row, where a loss is computed. */
  readonly targets: readonly number[]
}

/**
 * A way to compute a plan. Interpreters know the plan's steps and nothing of families. Every R that one hands out is
 * the caller's until it is freed.
 */
export interface Interpreter<R extends Rows = Rows> {
  /** Computes a segment; hands out the values that are named. */
  run<Name extends string>(
    segment: Segment,
    inputs: SegmentInputs<R>,
    wanted: readonly Name[],
  ): Promise<Record<Name, R>>
  /** Attention of all heads: query (T, heads * headDim), key and value (T, keyValueHeads * headDim) -> as query */
  attend(rule: AttentionRule, query: R, key: R, value: R): Promise<R>
  /** The values, row-major, in memory of the caller's. */
  read(matrix: R): Promise<Float32Array>
  /** A matrix out of values, row-major. */
  write(values: Float32Array, rows: number, width: number): R
  /** Rows from `first` to, not including, `end`. */
  slice(matrix: R, first: number, end: number): R
  free(matrix: R): void
  close(): Promise<void>
}
