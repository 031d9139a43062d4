import type { Presentation } from '../attention/presentation.ts'
import { contextDim } from '../problem/size.ts'
import { weightStatistics } from '../statistics/summary.ts'
import { bytesPerCell, figureByteLimit } from './pooling.ts'
import type { Drawable, FigureSelection } from './selection.ts'

/** The forms of a figure: its specification, its drawing, and the drawing's pixels. */
export type FigureForm = 'vegalite' | 'svg' | 'png'

/** Bytes of a cell's and a panel's objects and text, while a figure is made. */
const bytes = {
  vegalite: { cell: 2_000, panel: 200_000, figure: 1e6 },
  svg: { cell: 4_500, panel: 450_000, figure: 4e6 },
  png: { cell: 5_500, panel: 450_000, figure: 16e6 },
} as const

/** Bytes of a picture's pixels, of each panel and at most. */
const pixels = { panel: 1e6, most: 80e6 }

/** Nanoseconds of one core. */
const operations = {
  vegalite: { cell: 5_000, panel: 500_000, figure: 10e6 },
  svg: { cell: 20_000, panel: 2e6, figure: 50e6 },
  png: { cell: 25_000, panel: 4e6, figure: 200e6 },
} as const

/** What it takes to draw a figure, beside what it draws; cheap for problems of any size. */
export function figureCost(
  selection: FigureSelection,
  of: Drawable,
  presentation: Pick<Presentation, 'heads' | 'rows'>,
  form: FigureForm,
): { readonly bytes: number; readonly operations: number } {
  const { panels, cellsOfPanel } = partsOf(selection, of, presentation)
  const cells = Math.min(panels * cellsOfPanel, figureByteLimit / bytesPerCell)
  const sum = (per: { cell: number; panel: number; figure: number }): number =>
    per.figure + per.panel * panels + per.cell * cells
  return {
    bytes: sum(bytes[form]) + (form === 'png' ? Math.min(pixels.panel * panels, pixels.most) : 0),
    operations: sum(operations[form]),
  }
}

/** How many panels a figure has, and cells each of them at most, before they are pooled. */
function partsOf(
  { figure, heads, rows, keys }: FigureSelection,
  { size, visibility }: Drawable,
  presentation: Pick<Presentation, 'heads' | 'rows'>,
): { panels: number; cellsOfPanel: number } {
  const shownHeads = (heads ?? presentation.heads)?.length ?? size.heads
  const [firstRow, lastRow] = rows ?? presentation.rows ?? [0, size.queries - 1]
  const [firstKey, lastKey] = keys ?? [0, size.keys - 1]
  const shownRows = lastRow - firstRow + 1
  switch (figure) {
    case 'context':
      return { panels: 1, cellsOfPanel: shownRows * contextDim(size) }
    case 'statistics':
      return { panels: weightStatistics.length, cellsOfPanel: shownHeads }
    case 'similarity':
      return { panels: 3, cellsOfPanel: shownHeads ** 2 }
    default: {
      const seen = visibility.pairs / visibility.patterns
      return { panels: shownHeads, cellsOfPanel: Math.min(shownRows * (lastKey - firstKey + 1), seen) }
    }
  }
}
