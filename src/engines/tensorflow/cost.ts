import type { ProblemOutline } from '../../problem/outline.ts'
import { float32, mapBytes, operationsAt, stageBytes, statisticColumns, wantedStages } from '../cost.ts'
import type { EngineCost } from '../cost.ts'
import type { Device, Wanted } from '../engine.ts'
import { planBlocks } from './block-plan.ts'

const speed = { run: 1_000_000, multiplyAdd: 1, weight: 100, value: 10 }

/** Arrays of a block's size that are alive at once within the operations of a block. */
const arraysOfBlock = 8

/**
 * On the CPU the device's tensors are this process's memory: stages as they are projected, head after head and scaled,
 * and a block. On a GPU only what is handed in and out is.
 */
export function costOf(outline: ProblemOutline, wanted: Wanted, device: Device, blockElements: number): EngineCost {
  const { batch, heads, queries, keys, dIn } = outline.size
  const stages = stageBytes(outline)
  const { itemsPerBlock, rowsPerBlock } = planBlocks(batch, heads, queries, blockElements)
  const handedOut =
    stages.context +
    wantedStages(stages, wanted) +
    mapBytes(outline, wanted, rowsPerBlock) +
    statisticColumns * stages.column
  const onDevice =
    batch * queries * dIn * float32 +
    3 * (stages.queries + stages.keys + stages.values) +
    3 * stages.mixed +
    stages.context +
    arraysOfBlock * itemsPerBlock * heads * rowsPerBlock * keys * float32 +
    (outline.features.has('dropout') ? stages.square / float32 : 0)
  return {
    bytes: device === 'cpu' ? handedOut + onDevice : handedOut,
    operations: operationsAt(speed, outline),
  }
}
