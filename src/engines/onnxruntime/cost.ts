import type { ProblemOutline } from '../../problem/outline.ts'
import { float32, mapBytes, operationsAt, stageBytes, statisticColumns, wantedStages } from '../cost.ts'
import type { EngineCost } from '../cost.ts'
import type { Wanted } from '../engine.ts'
import { blockSizes } from './block-plan.ts'
import { rowWidth } from './rows.ts'

const speed = { run: 100_000, multiplyAdd: 1, weight: 100, value: 10 }

/** Arrays of a block's size that a block's graph holds at once, and what its allocator keeps beside them. */
const arraysOfBlock = { causal: 7, ruled: 10 } as const

/** Stages are whole, maps are blocks of rows that hold what their rows see, the graphs work on one block. */
export function costOf(outline: ProblemOutline, wanted: Wanted, blockElements: number): EngineCost {
  const { size, visibility } = outline
  const { heads } = size
  const stages = stageBytes(outline)
  const { itemsPerBlock, rowsPerBlock, width } = blockSizes(size, visibility, blockElements)
  const block = itemsPerBlock * heads * rowsPerBlock * width * float32
  const columns = wanted.statistics === true ? statisticColumns : 1
  const rows = wanted.statistics === true ? itemsPerBlock * heads * rowsPerBlock * rowWidth * float32 : 0
  const bytes =
    // Projected, and turned to the positions' order where there are several items.
    (size.batch > 1 ? 2 : 1) * (stages.queries + stages.keys + stages.values) +
    stages.mixed +
    stages.context +
    arraysOfBlock[visibility.kind === 'causal' ? 'causal' : 'ruled'] * block +
    2 * wantedStages(stages, wanted) +
    mapBytes(outline, wanted, rowsPerBlock) +
    columns * stages.column +
    rows
  return { bytes, operations: operationsAt(speed, outline) }
}
