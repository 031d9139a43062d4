import { keysOfRows, rowIndex } from '../problem/visibility.ts'
import type { Visibility } from '../problem/visibility.ts'
import { float32Zeros } from './zeros.ts'

/**
 * Attention weights or scores, (batch, heads, query, key), of which only what a row sees is worth keeping.
 *
 * Engines that work in blocks of rows hand over their blocks as they are: a block of rows r0..r1 holds the keys
 * firstKey..firstKey + width - 1, at least all that any of its rows sees, so what no row can see is never assembled. A
 * matrix kept whole is one block of all rows and keys.
 */
export interface RowBlock {
  /**
   * (items, heads, rows, width), row-major. What lies outside of a row's first..end in it is not to be read; in the
   * holes between, it is `masked`.
   */
  readonly data: Float32Array
  readonly firstKey: number
  readonly width: number
}

/** Where a row's numbers lie: the keys first..end-1 from `offset` on. */
export interface RowPlace {
  readonly data: Float32Array
  readonly offset: number
  readonly first: number
  readonly end: number
}

export class AttentionMaps {
  readonly batch: number
  readonly heads: number
  readonly visibility: Visibility
  /** What stands at the hidden positions: 0 for weights, -Infinity for scores. */
  readonly masked: number
  readonly itemsPerBlock: number
  readonly rowsPerBlock: number
  /** By item chunk, then by row chunk. */
  readonly blocks: readonly RowBlock[]
  readonly #rowChunks: number

  constructor(from: {
    batch: number
    heads: number
    visibility: Visibility
    masked: number
    itemsPerBlock: number
    rowsPerBlock: number
    blocks: readonly RowBlock[]
  }) {
    this.batch = from.batch
    this.heads = from.heads
    this.visibility = from.visibility
    this.masked = from.masked
    this.itemsPerBlock = from.itemsPerBlock
    this.rowsPerBlock = from.rowsPerBlock
    this.blocks = from.blocks
    this.#rowChunks = Math.ceil(this.queries / this.rowsPerBlock)
  }

  /** Maps kept whole: `data` is (batch, heads, queries, keys). */
  static whole(
    batch: number,
    heads: number,
    visibility: Visibility,
    masked: number,
    data: Float32Array,
  ): AttentionMaps {
    return new AttentionMaps({
      batch,
      heads,
      visibility,
      masked,
      itemsPerBlock: batch,
      rowsPerBlock: visibility.queries,
      blocks: [{ data, firstKey: 0, width: visibility.keys }],
    })
  }

  /**
   * Maps to be filled row by row, all `masked`: blocks of some rows, each with the keys that any of its rows sees, so
   * that a window's maps take what the window sees.
   */
  static empty(batch: number, heads: number, visibility: Visibility, masked: number): AttentionMaps {
    const { queries, kind } = visibility
    const rowsPerBlock = kind === 'every-key' ? queries : Math.min(queries, rowsOfEmptyBlock)
    const blocks: RowBlock[] = []
    for (let from = 0; from < queries; from += rowsPerBlock) {
      const size = Math.min(rowsPerBlock, queries - from)
      const { first, end } = keysOfRows(visibility, from, from + size)
      const data = float32Zeros(batch * heads * size * (end - first))
      if (masked !== 0) data.fill(masked)
      blocks.push({ data, firstKey: first, width: end - first })
    }
    return new AttentionMaps({ batch, heads, visibility, masked, itemsPerBlock: batch, rowsPerBlock, blocks })
  }

  get queries(): number {
    return this.visibility.queries
  }

  get keys(): number {
    return this.visibility.keys
  }

  get shape(): readonly number[] {
    return [this.batch, this.heads, this.queries, this.keys]
  }

  /** Where a row's numbers lie: the keys from the first to the last that it sees. */
  locate(item: number, head: number, query: number): RowPlace {
    const itemChunk = Math.floor(item / this.itemsPerBlock)
    const rowChunk = Math.floor(query / this.rowsPerBlock)
    const block = this.blocks[itemChunk * this.#rowChunks + rowChunk]!
    const rows = Math.min(this.rowsPerBlock, this.queries - rowChunk * this.rowsPerBlock)
    const row =
      ((item - itemChunk * this.itemsPerBlock) * this.heads + head) * rows + (query - rowChunk * this.rowsPerBlock)
    const index = rowIndex(this.visibility, item, head, query)
    const first = this.visibility.first[index]!
    const end = this.visibility.end[index]!
    // A row that sees no key lies nowhere, and its first key is none of the block's.
    const within = first === end ? 0 : first - block.firstKey
    return { data: block.data, offset: row * block.width + within, first, end }
  }

  /** The numbers of the keys from the first to the last that a row sees: a view. */
  row(item: number, head: number, query: number): Float32Array {
    const { data, offset, first, end } = this.locate(item, head, query)
    return data.subarray(offset, offset + end - first)
  }

  /** Fills in the numbers of the keys from the first to the last that a row sees. */
  setRow(item: number, head: number, query: number, numbers: ArrayLike<number>): void {
    const { data, offset } = this.locate(item, head, query)
    data.set(numbers, offset)
  }
}

/** Small enough that a triangle is kept almost without its other half, large enough that blocks are few. */
export const rowsOfEmptyBlock = 64
