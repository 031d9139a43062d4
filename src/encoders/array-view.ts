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

/** (batch, heads, queries, width), of which the selected heads and rows. */
export function queriesView(tensor: Tensor, { heads, rowStart, rowCount }: Selection): ArrayView {
  return headsView(tensor, heads, rowStart, rowCount)
}

/** (batch, keyValueHeads, keys, width), of which the heads that the selected ones read. */
export function keysView(tensor: Tensor, { keyValueHeads }: Selection): ArrayView {
  return headsView(tensor, keyValueHeads, 0, tensor.shape[2]!)
}

function headsView(tensor: Tensor, chosen: readonly number[], rowStart: number, rows: number): ArrayView {
  const [batch, heads, positions, width] = tensor.shape as [number, number, number, number]
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

/** (batch, heads, query, key), of which the selected heads, rows and keys. */
export function mapsView(maps: AttentionMaps, selection: Selection): ArrayView {
  const { heads, rowStart, rowCount, keyStart, keyCount } = selection
  const all = keyCount === maps.keys
  return {
    shape: [maps.batch, heads.length, rowCount, keyCount],
    masked: maps.masked,
    rowCount: maps.batch * heads.length * rowCount,
    row(index) {
      const map = Math.floor(index / rowCount)
      const query = rowStart + (index % rowCount)
      const place = maps.locate(Math.floor(map / heads.length), heads[map % heads.length]!, query)
      return all ? place : within(place, keyStart, keyCount)
    },
  }
}

/** (batch, heads, queries, keys) kept whole, of which the selected heads, rows and keys. */
export function productsView(tensor: Tensor, selection: Selection): ArrayView {
  const { heads, rowStart, rowCount, keyStart, keyCount } = selection
  const [batch, all, queries, keys] = tensor.shape as [number, number, number, number]
  return {
    shape: [batch, heads.length, rowCount, keyCount],
    masked: 0,
    rowCount: batch * heads.length * rowCount,
    row(index) {
      const map = Math.floor(index / rowCount)
      const item = Math.floor(map / heads.length)
      const row = (item * all + heads[map % heads.length]!) * queries + rowStart + (index % rowCount)
      return { data: tensor.data, offset: row * keys + keyStart, first: 0, end: keyCount }
    },
  }
}

/** What of a row lies within some keys, counted from the first of them. */
function within({ data, offset, first, end }: RowPlace, keyStart: number, keyCount: number): RowPlace {
  const from = Math.min(Math.max(first - keyStart, 0), keyCount)
  const to = Math.max(from, Math.min(end - keyStart, keyCount))
  return { data, offset: offset + Math.max(keyStart - first, 0), first: from, end: to }
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
