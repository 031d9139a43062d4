import { expect, it } from 'vitest'
import { causal, visibilityOf } from '../../src/problem/visibility.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'

it('finds a row in blocks of items and rows that hold only the keys that their rows see', () => {
  // A window of two keys to the left over five positions; blocks of two items, two rows each.
  const [batch, heads, length] = [3, 2, 5]
  const visibility = visibilityOf({
    batch,
    heads,
    queries: length,
    keys: length,
    offset: 0,
    causal: true,
    window: [2, 0],
  })
  const value = (item: number, head: number, query: number, key: number): number =>
    1000 * item + 100 * head + 10 * query + key
  const blocks = []
  for (let first = 0; first < batch; first += 2) {
    for (let from = 0; from < length; from += 2) {
      const [items, rows] = [Math.min(2, batch - first), Math.min(2, length - from)]
      const firstKey = Math.max(0, from - 2)
      const width = from + rows - firstKey
      const data = new Float32Array(items * heads * rows * width)
      let at = 0
      for (let item = first; item < first + items; item++)
        for (let head = 0; head < heads; head++)
          for (let query = from; query < from + rows; query++)
            for (let key = firstKey; key < firstKey + width; key++) data[at++] = value(item, head, query, key)
      blocks.push({ data, firstKey, width })
    }
  }
  const maps = new AttentionMaps({ batch, heads, visibility, masked: 0, itemsPerBlock: 2, rowsPerBlock: 2, blocks })
  expect(maps.shape).toEqual([3, 2, 5, 5])
  for (let item = 0; item < batch; item++)
    for (let head = 0; head < heads; head++)
      for (let query = 0; query < length; query++)
        expect([...maps.row(item, head, query)]).toEqual(
          [0, 1, 2]
            .map((back) => query - 2 + back)
            .filter((key) => key >= 0)
            .map((key) => value(item, head, query, key)),
        )
})

it('keeps a matrix whole as one block', () => {
  const maps = AttentionMaps.whole(1, 1, causal(3), 0, Float32Array.from([1, 9, 9, 2, 3, 9, 4, 5, 6]))
  expect([0, 1, 2].map((query) => [...maps.row(0, 0, query)])).toEqual([[1], [2, 3], [4, 5, 6]])
  expect(maps.locate(0, 0, 2)).toMatchObject({ offset: 6, first: 0, end: 3 })
})

it('takes nothing for a row that sees no key, beside rows that see late ones', () => {
  const rules = { batch: 1, heads: 1, queries: 2, keys: 6, offset: 4, window: [0, 0] as const, keyLengths: [5] }
  const maps = AttentionMaps.empty(1, 1, visibilityOf(rules), 0)
  maps.setRow(0, 0, 0, [7])
  maps.setRow(0, 0, 1, [])
  expect([0, 1].map((query) => [...maps.row(0, 0, query)])).toEqual([[7], []])
})
