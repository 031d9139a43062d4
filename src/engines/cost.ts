import type { ProblemOutline } from '../problem/outline.ts'
import { contextDim, multiplyAdds } from '../problem/size.ts'
import { seenPairs } from '../problem/visibility.ts'
import type { Wanted } from './engine.ts'

/** What a run takes, before anything of its problem is there. */
export interface EngineCost {
  /** Bytes of this process's memory at the worst moment: what is handed out and what is needed on the way. */
  readonly bytes: number
  /** Nanoseconds of one core at most: what a modest one takes, so that a rate means the same on every machine. */
  readonly operations: number
}

export const float32 = 4
export const float64 = 8

/** Bytes of a problem's arrays in float32. */
export interface StageBytes {
  readonly queries: number
  readonly keys: number
  readonly values: number
  /** The heads' outputs, side by side or apart. */
  readonly mixed: number
  readonly context: number
  /** One (batch, heads, queries, keys). */
  readonly square: number
  /** One column of row statistics, float64. */
  readonly column: number
}

export function stageBytes({ size, context }: ProblemOutline): StageBytes {
  const { batch, heads, keyValueHeads, queries, keys, headDim, valueDim } = size
  const mixed = batch * queries * heads * valueDim * float32
  return {
    queries: batch * queries * heads * headDim * float32,
    keys: batch * keys * keyValueHeads * headDim * float32,
    values: context ? batch * keys * keyValueHeads * valueDim * float32 : 0,
    mixed: context ? mixed : 0,
    context: context ? batch * queries * contextDim(size) * float32 : 0,
    square: batch * heads * queries * keys * float32,
    column: batch * heads * queries * float64,
  }
}

/** Bytes of the stages that are handed out, apart from context and maps. */
export function wantedStages(stages: StageBytes, wanted: Wanted): number {
  return (
    (wanted.queries === true ? stages.queries : 0) +
    (wanted.keys === true ? stages.keys : 0) +
    (wanted.values === true ? stages.values : 0) +
    (wanted.products === true ? stages.square : 0) +
    (wanted.contextHeads === true ? stages.mixed : 0)
  )
}

/**
 * Bytes of the maps that are handed out, in blocks of so many rows that hold the keys that any of their rows sees: what
 * is seen, and the corners of the blocks beside it.
 */
export function mapBytes({ size, visibility }: ProblemOutline, wanted: Wanted, rowsPerBlock: number): number {
  const rows = size.batch * size.heads * size.queries
  const square = rows * size.keys
  const narrow = visibility.patterns === 1 && (visibility.kind === 'causal' || visibility.kind === 'intervals')
  const corners = visibility.kind === 'causal' ? (rows * rowsPerBlock) / 2 : rows * rowsPerBlock
  const numbers = narrow ? Math.min(square, seenPairs(visibility, size) + corners) : square
  return ((wanted.weights === true ? 1 : 0) + (wanted.scores === true ? 1 : 0)) * numbers * float32
}

/** Columns of row statistics, the sums among them. */
export const statisticColumns = 7

/** What an engine's parts take at most, nanoseconds of one core. */
export interface Speed {
  /** Any run. */
  readonly run: number
  readonly multiplyAdd: number
  /** A key that a row sees, beside its multiply-adds: an exponential, statistics. */
  readonly weight: number
  /** A number of a stage, beside the multiply-adds that made it: turned, split, looked at. */
  readonly value: number
}

export function operationsAt(speed: Speed, outline: ProblemOutline): number {
  const { size, visibility } = outline
  const seen = seenPairs(visibility, size)
  const stages = stageBytes(outline)
  const values = (stages.queries + stages.keys + stages.values + stages.mixed + stages.context) / float32
  return speed.run + speed.multiplyAdd * multiplyAdds(size, seen) + speed.weight * seen + speed.value * values
}
