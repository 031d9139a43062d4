import type { ProblemSize } from '../../problem/size.ts'
import { keysOfRows } from '../../problem/visibility.ts'
import type { Visibility } from '../../problem/visibility.ts'
import { blockRows } from './graphs.ts'

export interface RowsPlan {
  /** Query rows from..to-1 and the keys first..end-1 that any of them sees. */
  readonly from: number
  readonly to: number
  readonly first: number
  readonly end: number
}

export interface BlockPlan {
  readonly itemsPerBlock: number
  readonly rowsPerBlock: number
  readonly rows: readonly RowsPlan[]
}

interface BlockSizes {
  readonly itemsPerBlock: number
  readonly rowsPerBlock: number
  /** Keys that the rows of a block see together, at most. */
  readonly width: number
}

/**
 * Rows of a block and the keys that they see, and items whose rows are in it: as many as together have no more than
 * `blockElements` scores. Rows that see a whole long sequence are fewer.
 */
export function planBlocks(size: ProblemSize, visibility: Visibility, blockElements: number): BlockPlan {
  const { queries } = size
  const { itemsPerBlock, rowsPerBlock } = blockSizes(size, visibility, blockElements)
  const rows: RowsPlan[] = []
  for (let from = 0; from < queries; from += rowsPerBlock) {
    const to = Math.min(queries, from + rowsPerBlock)
    rows.push({ from, to, ...seenBy(visibility, from, to) })
  }
  return { itemsPerBlock, rowsPerBlock, rows }
}

/** What a plan comes to, for problems of any size. */
export function blockSizes(
  { batch, heads, queries, keys }: ProblemSize,
  visibility: Visibility,
  blockElements: number,
): BlockSizes {
  const most = Math.min(blockRows, queries)
  const isKnown = visibility.kind === 'intervals' && visibility.patterns * queries <= mostRows
  const width = isKnown ? widestBlock(visibility, most) : keys
  const fittingRows = Math.max(1, Math.floor(blockElements / (heads * width)))
  const rowsPerBlock = visibility.kind === 'causal' ? most : Math.min(most, fittingRows)
  const fittingItems = Math.max(1, Math.floor(blockElements / (heads * rowsPerBlock * width)))
  return { itemsPerBlock: Math.min(batch, fittingItems), rowsPerBlock, width }
}

/** More rows than this are not looked at one by one: they are taken to see every key. */
const mostRows = 2 ** 22

function widestBlock(visibility: Visibility, rowsPerBlock: number): number {
  const { queries } = visibility
  let widest = 1
  for (let from = 0; from < queries; from += rowsPerBlock) {
    const { first, end } = keysOfRows(visibility, from, Math.min(queries, from + rowsPerBlock))
    widest = Math.max(widest, end - first)
  }
  return widest
}

function seenBy(visibility: Visibility, from: number, to: number): { first: number; end: number } {
  return visibility.kind === 'causal' ? { first: 0, end: to } : keysOfRows(visibility, from, to)
}
