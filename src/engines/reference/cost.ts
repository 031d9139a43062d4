import type { ProblemOutline } from '../../problem/outline.ts'
import { float32, float64, operationsAt, stageBytes, statisticColumns, wantedMaps, wantedStages } from '../cost.ts'
import type { EngineCost } from '../cost.ts'
import type { Wanted } from '../engine.ts'

const speed = { run: 10_000, multiplyAdd: 20, weight: 200, value: 30 }

/** Maps of one head that are made anew: scores, weights, and weights after dropout. */
const mapsOfHead = { plain: 2, dropout: 3 }

/** Bytes of arrays that are no longer read, up to which the garbage collector may wait. */
const garbage = 128 * 2 ** 20

/** float64 throughout: each stage as it is projected and again head after head; each head's maps are new arrays. */
export function costOf(outline: ProblemOutline, wanted: Wanted): EngineCost {
  const { size, features } = outline
  const stages = stageBytes(outline)
  const wide = float64 / float32
  const projected = stages.queries + stages.keys + stages.values
  const map = size.queries * size.keys * float64 * (features.has('dropout') ? mapsOfHead.dropout : mapsOfHead.plain)
  const passing = wide * (projected + stages.mixed) + size.batch * size.heads * map
  const bytes =
    wide * (projected + stages.mixed + stages.context) +
    map +
    Math.min(passing, garbage) +
    stages.context +
    wantedStages(stages, wanted) +
    wantedMaps(wanted) * stages.square +
    statisticColumns * stages.column
  return { bytes, operations: operationsAt(speed, outline) }
}
