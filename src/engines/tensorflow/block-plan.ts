/** Which items and query rows are worked on at once. */
export interface BlockPlan {
  readonly itemsPerBlock: number
  readonly rowsPerBlock: number
}

/**
 * Cuts (batch, heads, rows, keys) so that one matrix of a block stays below `limit` elements: whole when it fits,
 * else rows in multiples of 128, else items one by one. A block of fewer rows leaves more of the masked half
 * uncomputed; of more rows, has fewer calls.
 */
export function planBlocks(batch: number, heads: number, seqLen: number, limit: number): BlockPlan {
  const smallest = Math.min(seqLen, 128)
  const itemsPerBlock = Math.min(batch, Math.max(1, Math.floor(limit / (heads * smallest * seqLen))))
  const fitting = Math.floor(limit / (itemsPerBlock * heads * seqLen * smallest)) * smallest
  return { itemsPerBlock, rowsPerBlock: Math.min(seqLen, Math.max(smallest, fitting)) }
}
