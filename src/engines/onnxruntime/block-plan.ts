import type { ProblemSize } from '../../problem/size.ts'
import { blockRows } from './graphs.ts'

/** Rows of a block, and items whose rows are in it: as many as together have no more than `blockElements` scores. */
export function planBlocks(
  { batch, heads, queries, keys }: ProblemSize,
  blockElements: number,
): { readonly itemsPerBlock: number; readonly rowsPerBlock: number } {
  const rowsPerBlock = Math.min(blockRows, queries)
  const fitting = Math.floor(blockElements / (heads * rowsPerBlock * keys))
  return { itemsPerBlock: Math.min(batch, Math.max(1, fitting)), rowsPerBlock }
}
