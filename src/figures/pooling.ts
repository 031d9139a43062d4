import { ServiceError } from '../errors.ts'
import { rowIndex, sees } from '../problem/visibility.ts'
import type { Visibility } from '../problem/visibility.ts'
import type { AttentionMaps } from '../tensor/attention-maps.ts'
import type { Range } from '../attention/presentation.ts'

/** Bytes of an SVG above which maps are pooled: about 33,000 cells, which take half a second to draw. */
export const figureByteLimit = 2 * 2 ** 20

/** What a cell and a panel with its axes take in an SVG, measured (test/figures/svg.test.ts holds it). */
export const bytesPerCell = 60
export const bytesPerPanel = 4096

/** A panel is not pooled to fewer blocks than this on a side: it would show nothing any more. */
const fewestBlocks = 8

/** How positions are gathered into blocks, so that a panel has few enough cells to be drawn. */
export interface Pooling {
  /** Positions of a row block and of a column block; 1 and 1 is no pooling. */
  readonly rowFactor: number
  readonly columnFactor: number
  readonly rowBlocks: number
  readonly columnBlocks: number
}

/** A matrix to be drawn `panels` times; `visible` counts the cells of one panel under given factors. */
interface Drawing {
  readonly rows: number
  readonly columns: number
  readonly panels: number
  /** Most blocks that a panel has room for on a side. */
  readonly room: { readonly rows: number; readonly columns: number }
  readonly visible: (pooling: Pooling) => number
}

/** The least pooling that fits. Throws `figure-too-large` where none does. */
export function planPooling(drawing: Drawing): Pooling {
  const { rows, columns, panels, room, visible } = drawing
  let rowFactor = Math.ceil(rows / room.rows)
  let columnFactor = Math.ceil(columns / room.columns)
  for (;;) {
    const pooling = {
      rowFactor,
      columnFactor,
      rowBlocks: Math.ceil(rows / rowFactor),
      columnBlocks: Math.ceil(columns / columnFactor),
    }
    const bytes = panels * (visible(pooling) * bytesPerCell + bytesPerPanel)
    if (bytes <= figureByteLimit) return pooling
    if (Math.max(pooling.rowBlocks, pooling.columnBlocks) <= fewestBlocks) {
      throw new ServiceError(
        'figure-too-large',
        `The figure would take about ${bytes} bytes even when pooled; select heads, rows or keys`,
        {
          extra: { estimated_bytes: bytes, limit_bytes: figureByteLimit },
        },
      )
    }
    if (pooling.rowBlocks >= pooling.columnBlocks) rowFactor++
    if (pooling.columnBlocks >= pooling.rowBlocks) columnFactor++
  }
}

/** Cells of a map's window of which at least one position may be visible, holes not counted. */
export function visibleCells(
  visibility: Visibility,
  item: number,
  head: number,
  rows: Range,
  keys: Range,
  pooling: Pooling,
): number {
  let cells = 0
  for (let block = 0; block < pooling.rowBlocks; block++) {
    const first = rows[0] + block * pooling.rowFactor
    let firstKey = Infinity
    let lastKey = -1
    for (let query = first; query <= Math.min(rows[1], first + pooling.rowFactor - 1); query++) {
      const row = rowIndex(visibility, item, head, query)
      if (visibility.end[row]! === visibility.first[row]!) continue
      firstKey = Math.min(firstKey, visibility.first[row]!)
      lastKey = Math.max(lastKey, visibility.end[row]! - 1)
    }
    firstKey = Math.max(keys[0], firstKey)
    lastKey = Math.min(keys[1], lastKey)
    const blockOf = (key: number): number => Math.floor((key - keys[0]) / pooling.columnFactor)
    if (lastKey >= firstKey) cells += blockOf(lastKey) - blockOf(firstKey) + 1
  }
  return cells
}

/** One cell of a map: the first query and key of its block, and the greatest value in it. */
export type MapCell = readonly [query: number, key: number, value: number]

/**
 * The cells of a window of one head's map; masked positions count for nothing, and masked cells are absent. NaN shows
 * through.
 */
export function mapCells(
  maps: AttentionMaps,
  item: number,
  head: number,
  rows: Range,
  keys: Range,
  pooling: Pooling,
): MapCell[] {
  const { visibility } = maps
  const holes = visibility.allowed !== null
  const cells: MapCell[] = []
  for (let first = rows[0]; first <= rows[1]; first += pooling.rowFactor) {
    const last = Math.min(rows[1], first + pooling.rowFactor - 1)
    const greatest = new Array<number>(pooling.columnBlocks)
    for (let query = first; query <= last; query++) {
      const row = maps.locate(item, head, query)
      const end = Math.min(keys[1] + 1, row.end)
      for (let key = Math.max(keys[0], row.first); key < end; key++) {
        if (holes && !sees(visibility, item, head, query, key)) continue
        const block = Math.floor((key - keys[0]) / pooling.columnFactor)
        const known = greatest[block]
        const value = row.data[row.offset + key - row.first]!
        if (known === undefined || value > known || Number.isNaN(value)) greatest[block] = value
      }
    }
    greatest.forEach((value, block) => cells.push([first, keys[0] + block * pooling.columnFactor, value]))
  }
  return cells
}

/**
 * A window of a matrix, row-major, pooled by the value of greatest magnitude, which keeps its sign. NaN shows through.
 */
export function matrixCells(matrix: Float32Array, width: number, rows: Range, pooling: Pooling): MapCell[] {
  const cells: MapCell[] = []
  for (let first = rows[0]; first <= rows[1]; first += pooling.rowFactor) {
    const last = Math.min(rows[1], first + pooling.rowFactor - 1)
    for (let column = 0; column < width; column += pooling.columnFactor) {
      const end = Math.min(width, column + pooling.columnFactor)
      let value = matrix[first * width + column]!
      for (let row = first; row <= last; row++) {
        for (let i = row * width + column; i < row * width + end; i++) {
          if (Math.abs(matrix[i]!) > Math.abs(value) || Number.isNaN(matrix[i]!)) value = matrix[i]!
        }
      }
      cells.push([first, column, value])
    }
  }
  return cells
}
