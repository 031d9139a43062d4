import { expect, it } from 'vitest'
import { everything } from '../../src/attention/presentation.ts'
import { keysView, mapsView } from '../../src/encoders/array-view.ts'
import type { ArrayView } from '../../src/encoders/array-view.ts'
import { rowsToBytes } from '../../src/encoders/rows-to-bytes.ts'
import { selectionOf } from '../../src/encoders/selection.ts'
import { selfAttentionSize } from '../../src/problem/size.ts'
import { visibilityOf } from '../../src/problem/visibility.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'
import { nested } from './number-texts.ts'

const size = selfAttentionSize({ batch: 1, length: 6, dIn: 3, heads: 4, keyValueHeads: 2, headDim: 1 })
/** A window of one key to the left: row i sees i - 1 and i. */
const visibility = visibilityOf({ batch: 1, heads: 4, queries: 6, keys: 6, offset: 0, causal: true, window: [1, 0] })
/** The weight of key j in row i of head h is 100 h + 10 i + j; what no row sees is 7. */
const data = Float32Array.from({ length: 4 * 36 }, (_, at) => {
  const [head, query, key] = [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6]
  return key === query || key === query - 1 ? 100 * head + 10 * query + key : 7
})
const maps = AttentionMaps.whole(1, 4, visibility, 0, data)

const printed = (array: ArrayView): unknown => JSON.parse(nested(array))
const asBytes = (array: ArrayView): number[] => {
  const all = Buffer.concat([...rowsToBytes(array, 12, () => new ArrayBuffer(12))].map((piece) => Buffer.from(piece)))
  return [...new Float32Array(all.buffer.slice(all.byteOffset, all.byteOffset + all.length))]
}

it('hides the keys before and behind what a row sees', () => {
  const view = mapsView(maps, selectionOf({ ...everything, heads: [1], rows: [2, 3] }, size))
  const rows = [
    [0, 121, 122, 0, 0, 0],
    [0, 0, 132, 133, 0, 0],
  ]
  expect(printed(view)).toEqual([[rows]])
  expect(asBytes(view)).toEqual(rows.flat())
})

it('shows some keys of the rows', () => {
  const view = mapsView(maps, selectionOf({ ...everything, heads: [0], keys: [2, 4] }, size))
  const rows = [
    [0, 0, 0],
    [0, 0, 0],
    [22, 0, 0],
    [32, 33, 0],
    [0, 43, 44],
    [0, 0, 54],
  ]
  expect(view.shape).toEqual([1, 1, 6, 3])
  expect(printed(view)).toEqual([[rows]])
  expect(asBytes(view)).toEqual(rows.flat())
})

it('shows the keys of the heads that grouped queries read', () => {
  const keys = { shape: [1, 2, 6, 1], data: Float32Array.from({ length: 12 }, (_, at) => at) }
  const shown = (heads: number[] | null) => asBytes(keysView(keys, selectionOf({ ...everything, heads }, size)))
  expect(shown(null)).toEqual([...keys.data])
  expect(shown([3])).toEqual([6, 7, 8, 9, 10, 11])
  expect(shown([1, 0])).toEqual([0, 1, 2, 3, 4, 5])
})
