import type { AttentionMaps, RowPlace } from '../tensor/attention-maps.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Selection } from './selection.ts'

/**
 * An array as every encoder walks it: row after row along the last axis, whatever keeps the numbers. A row of a map has
 * numbers of its own where its query sees keys, and the masked value before and behind them.
 */
export interface ArrayView {
  readonly shape: readonly number[]
  /** What fills a row before its own numbers and behind them. */
  readonly masked: number
  /** Number of rows: the product of all lengths but the last. */
  readonly rowCount: number
  /** Where a row's numbers lie. */
  row(index: number): RowPlace
}

/** All of a tensor. A tensor of one axis is one row. */
export function tensorView(tensor: Tensor): ArrayView {
  const width = tensor.shape.at(-1)!
  return {
    shape: tensor.shape,
    masked: 0,
    rowCount: tensor.data.length / width,
    row: (index) => ({ data: tensor.data, offset: index * width, first: 0, end: width }),
  }
}

/** (batch, positions, width), of which the selected rows. */
export function positionsView(tensor: Tensor, { rowStart, rowCount }: Selection): ArrayView {
  const [batch, positions, width] = tensor.shape as [number, number, number]
  return {
    shape: [batch, rowCount, width],
    masked: 0,
    rowCount: batch * rowCount,
    row(index) {
      const item = Math.floor(index / rowCount)
      const offset = (item * positions + rowStart + (index % rowCount)) * width
      return { data: tensor.data, offset, first: 0, end: width }
    },
  }
}

/** (batch, heads, positions, headDim), of which the selected heads, and rows where `byRow`. */
export function headsView(tensor: Tensor, selection: Selection, byRow: boolean): ArrayView {
  const [batch, heads, positions, width] = tensor.shape as [number, number, number, number]
  const rowStart = byRow ? selection.rowStart : 0
  const rows = byRow ? selection.rowCount : positions
  const chosen = selection.heads
  return {
    shape: [batch, chosen.length, rows, width],
    masked: 0,
    rowCount: batch * chosen.length * rows,
    row(index) {
      const map = Math.floor(index / rows)
      const item = Math.floor(map / chosen.length)
      const head = chosen[map % chosen.length]!
      const offset = ((item * heads + head) * positions + rowStart + (index % rows)) * width
      return { data: tensor.data, offset, first: 0, end: width }
    },
  }
}

/** (batch, heads, query, key), of which the selected heads and rows. */
export function mapsView(maps: AttentionMaps, { heads, rowStart, rowCount }: Selection): ArrayView {
  return {
    shape: [maps.batch, heads.length, rowCount, maps.keys],
    masked: maps.masked,
    rowCount: maps.batch * heads.length * rowCount,
    row(index) {
      const map = Math.floor(index / rowCount)
      const query = rowStart + (index % rowCount)
      return maps.locate(Math.floor(map / heads.length), heads[map % heads.length]!, query)
    },
  }
}

/** (batch, heads, heads), of which the selected heads on both axes. */
export function pairsView(tensor: Tensor, { heads }: Selection): ArrayView {
  const [batch, all] = tensor.shape as [number, number, number]
  if (heads.length === all && heads.every((head, i) => head === i)) return tensorView(tensor)
  const data = new Float32Array(batch * heads.length ** 2)
  let to = 0
  for (let item = 0; item < batch; item++) {
    for (const a of heads) for (const b of heads) data[to++] = tensor.data[(item * all + a) * all + b]!
  }
  return tensorView({ shape: [batch, heads.length, heads.length], data })
}
