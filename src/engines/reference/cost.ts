import type { ProblemOutline } from '../../problem/outline.ts'
import { rowsOfEmptyBlock } from '../../tensor/attention-maps.ts'
import { float32, float64, mapBytes, operationsAt, stageBytes, statisticColumns, wantedStages } from '../cost.ts'
import type { EngineCost } from '../cost.ts'
import type { Wanted } from '../engine.ts'

const speed = { run: 10_000, multiplyAdd: 20, weight: 2000, value: 30 }

/** Bytes of arrays that are no longer read, up to which the garbage collector may wait. */
const garbage = 16 * 2 ** 20

/** float64 throughout: each stage as it is projected and again head after head; a row's arrays are made anew. */
export function costOf(outline: ProblemOutline, wanted: Wanted): EngineCost {
  const { batch, heads, queries, keys } = outline.size
  const stages = stageBytes(outline)
  const wide = float64 / float32
  const rowArrays = batch * heads * queries * keys * float64
  const bytes =
    2 * wide * (stages.queries + stages.keys + stages.values + stages.mixed) +
    wide * stages.context +
    Math.min(rowArrays, garbage) +
    stages.context +
    wantedStages(stages, wanted) +
    mapBytes(outline, wanted, rowsOfEmptyBlock) +
    statisticColumns * stages.column
  return { bytes, operations: operationsAt(speed, outline) }
}
