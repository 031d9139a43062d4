import type { ProblemOutline } from '../../problem/outline.ts'
import { rowsOfEmptyBlock } from '../../tensor/attention-maps.ts'
import { mapBytes, operationsAt, stageBytes, statisticColumns, wantedStages } from '../cost.ts'
import type { EngineCost } from '../cost.ts'
import type { Wanted } from '../engine.ts'

const speed = { run: 8_000, multiplyAdd: 1, weight: 100, value: 8 }

/** Every stage is kept whole until the end, and so is every map that is handed out. */
export function costOf(outline: ProblemOutline, wanted: Wanted): EngineCost {
  const stages = stageBytes(outline)
  const bytes =
    stages.queries +
    stages.keys +
    stages.values +
    stages.mixed +
    stages.context +
    wantedStages(stages, wanted) +
    mapBytes(outline, wanted, rowsOfEmptyBlock) +
    statisticColumns * stages.column
  return { bytes, operations: operationsAt(speed, outline) }
}
