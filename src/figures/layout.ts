/** How many panels stand side by side and how many pixels one has room for on a side. */
export interface PanelLayout {
  readonly columns: number
  readonly size: number
}

const layouts: readonly (readonly [upTo: number, layout: PanelLayout])[] = [
  [1, { columns: 1, size: 512 }],
  [2, { columns: 2, size: 360 }],
  [3, { columns: 3, size: 300 }],
  [4, { columns: 2, size: 340 }],
  [6, { columns: 3, size: 280 }],
  [12, { columns: 4, size: 224 }],
  [25, { columns: 5, size: 180 }],
  [48, { columns: 6, size: 150 }],
  [Infinity, { columns: 8, size: 120 }],
]

/** The layout for a number of panels: about as wide as a page whatever the number. */
export function panelLayout(panels: number): PanelLayout {
  return layouts.find(([upTo]) => panels <= upTo)![1]
}

/** Smallest and largest side of a cell, pixels. */
export const smallestCell = 2
const largestCell = 44

/** Whole pixels a cell, so that no seams show between neighbours. */
export function cellStep(size: number, cells: number): number {
  return Math.max(smallestCell, Math.min(largestCell, Math.floor(size / cells)))
}
