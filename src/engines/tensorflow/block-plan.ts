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
export function planBlocks(batch: number, heads: number, length: number, limit: number): BlockPlan {
  const smallest = Math.min(length, 128)
  const itemsPerBlock = Math.min(batch, Math.max(1, Math.floor(limit / (heads * smallest * length))))
  const fitting = Math.floor(limit / (itemsPerBlock * heads * length * smallest)) * smallest
  return { itemsPerBlock, rowsPerBlock: Math.min(length, Math.max(smallest, fitting)) }
}
