/**
 * Attention weights or scores, (batch, heads, query, key), of which only the keys j <= i of a row i are worth keeping.
 *
 * Engines that work in blocks of rows hand over their blocks as they are: a block of rows r0..r1 holds the keys
 * 0..width-1 (width >= r1), so the part that no causal row can see is never assembled. A matrix kept whole is one
 * block of all rows.
 */
export interface RowBlock {
  /** (items, heads, rows, width), row-major. What lies beyond the diagonal in it is not to be read. */
  readonly data: Float32Array
  readonly width: number
}

export class AttentionMaps {
  readonly batch: number
  readonly heads: number
  readonly seqLen: number
  /** What stands at the masked positions, key > query: 0 for weights, -Infinity for scores. */
  readonly masked: number
  readonly itemsPerBlock: number
  readonly rowsPerBlock: number
  /** By item chunk, then by row chunk. */
  readonly blocks: readonly RowBlock[]
  readonly #rowChunks: number

  constructor(from: {
    batch: number
    heads: number
    seqLen: number
    masked: number
    itemsPerBlock: number
    rowsPerBlock: number
    blocks: readonly RowBlock[]
  }) {
    this.batch = from.batch
    this.heads = from.heads
    this.seqLen = from.seqLen
    this.masked = from.masked
    this.itemsPerBlock = from.itemsPerBlock
    this.rowsPerBlock = from.rowsPerBlock
    this.blocks = from.blocks
    this.#rowChunks = Math.ceil(this.seqLen / this.rowsPerBlock)
  }

  /** Maps kept whole: `data` is (batch, heads, seqLen, seqLen). */
  static whole(batch: number, heads: number, seqLen: number, masked: number, data: Float32Array): AttentionMaps {
    return new AttentionMaps({
      batch,
      heads,
      seqLen,
      masked,
      itemsPerBlock: batch,
      rowsPerBlock: seqLen,
      blocks: [{ data, width: seqLen }],
    })
  }

  get shape(): readonly number[] {
    return [this.batch, this.heads, this.seqLen, this.seqLen]
  }

  /** The block that holds a row, and where in its data the row starts; the row's keys 0..query follow from there. */
  locate(item: number, head: number, query: number): { data: Float32Array; offset: number } {
    const itemChunk = Math.floor(item / this.itemsPerBlock)
    const rowChunk = Math.floor(query / this.rowsPerBlock)
    const block = this.blocks[itemChunk * this.#rowChunks + rowChunk]!
    const rows = Math.min(this.rowsPerBlock, this.seqLen - rowChunk * this.rowsPerBlock)
    const row =
      ((item - itemChunk * this.itemsPerBlock) * this.heads + head) * rows + (query - rowChunk * this.rowsPerBlock)
    return { data: block.data, offset: row * block.width }
  }

  /** One row's visible part, keys 0..query: a view of query + 1 values. */
  row(item: number, head: number, query: number): Float32Array {
    const { data, offset } = this.locate(item, head, query)
    return data.subarray(offset, offset + query + 1)
  }
}
