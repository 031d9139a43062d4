import { inputShape } from '../attention/request.ts'
import type { AttentionRequest } from '../attention/request.ts'
import type { AttentionResult } from '../attention/result.ts'
import { outputDim } from '../sources/chapter-3/spec.ts'
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
const size = { dimensions: 720, positions: 512 }

/** The pooling of a context figure. Throws `figure-too-large`. */
export function contextPooling(request: AttentionRequest, { rows }: ResolvedSelection): Pooling {
  return planPooling({
    rows: rows[1] - rows[0] + 1,
    columns: outputDim(request.spec),
    panels: 1,
    room: { rows: Math.floor(size.positions / smallestCell), columns: Math.floor(size.dimensions / smallestCell) },
    visible: ({ rowBlocks, columnBlocks }) => rowBlocks * columnBlocks,
  })
}

/** Context vectors of one item, a row each, coloured around 0. */
export function contextFigure(result: AttentionResult, selection: ResolvedSelection): VegaLiteSpec {
  const { rows, item } = selection
  const { context } = result.output
  const [, seqLen] = inputShape(result.request)
  const width = context.shape[2]!
  const pooling = contextPooling(result.request, selection)
  const matrix = context.data.subarray(item! * seqLen * width, (item! + 1) * seqLen * width)
  const cells = matrixCells(matrix, width, rows, pooling)
  const greatest = cells.reduce(
    (most, [, , value]) => (Number.isFinite(value) && Math.abs(value) > most ? Math.abs(value) : most),
    0,
  )
  const extent = greatest > 0 ? shortest(greatest)! : 1
  const pooled = pooling.rowFactor * pooling.columnFactor > 1
  const title = [
    'Context vectors',
    ...windowWords('positions', rows, seqLen),
    ...poolingWords(pooling, ' by magnitude'),
  ]
    .map(unbroken)
    .join(', ')
  return heatmap({
    title,
    subtitle: [provenance(result.request, item)],
    description: `${title}. Heat map: ${count(seqLen, 'position')} from top to bottom, ${count(width, 'dimension')} from left to right, coloured around 0; the greatest magnitude is ${inWords(extent)}.`,
    cells: cells.map(([position, dimension, value]) => ({ position, dimension, value: shortest(value) })),
    panel: null,
    y: {
      name: 'position',
      first: rows[0],
      last: rows[1],
      factor: pooling.rowFactor,
      step: cellStep(size.positions, pooling.rowBlocks),
      labels: result.request.tokens?.map(tokenLabel) ?? null,
    },
    x: {
      name: 'dimension',
      first: 0,
      last: width - 1,
      factor: pooling.columnFactor,
      step: cellStep(size.dimensions, pooling.columnBlocks),
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
