import type { Presentation } from '../attention/presentation.ts'
import type { AttentionResult } from '../attention/result.ts'
import { contextDim } from '../problem/size.ts'
import type { ProblemSize } from '../problem/size.ts'
import { divergingColour, heatmap } from './heatmap.ts'
import { tokenLabel } from './labels.ts'
import { cellStep, smallestCell } from './layout.ts'
import { cellFormat, inWords, shortest } from './numbers.ts'
import { matrixCells, planPooling } from './pooling.ts'
import type { Pooling } from './pooling.ts'
import type { ResolvedSelection } from './selection.ts'
import type { VegaLiteSpec } from './spec.ts'
import { unbroken } from './text-width.ts'
import { count, poolingWords, provenance, windowWords } from './words.ts'

/** Pixels that the dimensions and the positions have room for. */
const room = { dimensions: 720, positions: 512 }

/** The pooling of a context figure. Throws `figure-too-large`. */
export function contextPooling(size: ProblemSize, { rows }: ResolvedSelection): Pooling {
  return planPooling({
    rows: rows[1] - rows[0] + 1,
    columns: contextDim(size),
    panels: 1,
    room: { rows: Math.floor(room.positions / smallestCell), columns: Math.floor(room.dimensions / smallestCell) },
    visible: ({ rowBlocks, columnBlocks }) => rowBlocks * columnBlocks,
  })
}

/** Context vectors of one item, a row each, coloured around 0. */
export function contextFigure(
  result: AttentionResult,
  selection: ResolvedSelection,
  { tokens }: Presentation,
): VegaLiteSpec {
  const { rows, item } = selection
  const { context } = result.output
  const { queries } = result.size
  const width = context.shape[2]!
  const pooling = contextPooling(result.size, selection)
  const matrix = context.data.subarray(item! * queries * width, (item! + 1) * queries * width)
  const cells = matrixCells(matrix, width, rows, pooling)
  const greatest = cells.reduce(
    (most, [, , value]) => (Number.isFinite(value) && Math.abs(value) > most ? Math.abs(value) : most),
    0,
  )
  const extent = greatest > 0 ? shortest(greatest)! : 1
  const pooled = pooling.rowFactor * pooling.columnFactor > 1
  const title = [
    'Context vectors',
    ...windowWords('positions', rows, queries),
    ...poolingWords(pooling, ' by magnitude'),
  ]
    .map(unbroken)
    .join(', ')
  return heatmap({
    title,
    subtitle: [provenance(result, item)],
    description: `${title}. Heat map: ${count(queries, 'position')} from top to bottom, ${count(width, 'dimension')} from left to right, coloured around 0; the greatest magnitude is ${inWords(extent)}.`,
    cells: cells.map(([position, dimension, value]) => ({ position, dimension, value: shortest(value) })),
    panel: null,
    y: {
      name: 'position',
      first: rows[0],
      last: rows[1],
      factor: pooling.rowFactor,
      step: cellStep(room.positions, pooling.rowBlocks),
      labels: tokens?.map(tokenLabel) ?? null,
    },
    x: {
      name: 'dimension',
      first: 0,
      last: width - 1,
      factor: pooling.columnFactor,
      step: cellStep(room.dimensions, pooling.columnBlocks),
      labels: null,
    },
    value: {
      name: 'value',
      title: pooled ? 'value of greatest magnitude in a block' : 'value',
      format: cellFormat(extent),
    },
    colour: divergingColour(extent),
  })
}
