import { describe, expect, it } from 'vitest'
import { broadcastTo } from '../../src/problem/broadcast.ts'
import { everyKey, sees, visibilityOf } from '../../src/problem/visibility.ts'
import type { Visibility } from '../../src/problem/visibility.ts'
import { emptyRowStatistics, fillRow, rowStatisticsOf } from '../../src/statistics/row-statistics.ts'
import { pairSimilarity } from '../../src/statistics/similarity.ts'
import { checksOf, headStatistics, sinkStatistics, uniformStatistics } from '../../src/statistics/summary.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'

/** Weights of so many items and heads, each row's as `weigh` says, 0 at what it does not see. */
function mapsOf(
  batch: number,
  heads: number,
  visibility: Visibility,
  weigh: (item: number, head: number, query: number, seen: readonly number[], key: number) => number,
): AttentionMaps {
  const { queries, keys } = visibility
  const data = new Float32Array(batch * heads * queries * keys)
  let at = 0
  for (let item = 0; item < batch; item++)
    for (let head = 0; head < heads; head++)
      for (let query = 0; query < queries; query++) {
        const seen = Array.from({ length: keys }, (_, key) => key).filter((key) =>
          sees(visibility, item, head, query, key),
        )
        for (let key = 0; key < keys; key++, at++)
          data[at] = seen.includes(key) ? weigh(item, head, query, seen, key) : 0
      }
  return AttentionMaps.whole(batch, heads, visibility, 0, data)
}

// Four queries over five keys, aligned with the last: query 0 stands at key 1. Key 2 is hidden from all; row 0 sees
// keys 0 and 1, row 1 as well, row 2 keys 1 and 3, row 3 keys 3 and 4 by a window of two to the left.
const visibility = visibilityOf({
  batch: 1,
  heads: 2,
  queries: 4,
  keys: 5,
  offset: 1,
  causal: true,
  window: [2, null],
  allowed: broadcastTo(Uint8Array.of(1, 1, 0, 1, 1), [5], [1, 2, 4, 5]),
})

describe('statistics under a mask with holes', () => {
  it('are those of the keys that a row sees, worked out by hand', () => {
    // 3/4 on the first key that a row sees, 1/4 on the second.
    const maps = mapsOf(1, 1, visibility, (_item, _head, _query, seen, key) => (key === seen[0] ? 0.75 : 0.25))
    const statistics = headStatistics(rowStatisticsOf(maps, 0))
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25))
    expect(statistics.entropy[0]).toBeCloseTo(entropy, 12)
    expect(statistics.normalizedEntropy[0]).toBeCloseTo(entropy / Math.LN2, 12)
    expect(statistics.maxWeight[0]).toBe(0.75)
    expect(statistics.firstToken[0]).toBe(0.75)
    // Own positions 1, 2, 3, 4; key 2 is hidden: 0.25 of row 0 at its own, 0 of row 1, 0.25 of rows 2 and 3.
    expect(statistics.diagonal[0]).toBeCloseTo((0.25 + 0 + 0.25 + 0.25) / 4, 12)
    // Keys 0, 1, 2, 3: of row 0 0.75, of row 1 0.25, of row 2 none, of row 3 0.75.
    expect(statistics.previousToken[0]).toBeCloseTo((0.75 + 0.25 + 0 + 0.75) / 4, 12)
    const distances = [0.75 * 1, 0.75 * 2 + 0.25 * 1, 0.75 * 2, 0.75 * 1]
    expect(statistics.distance[0]).toBeCloseTo(distances.reduce((a, b) => a + b) / 4, 12)
  })

  it('of equal weights are the uniform ones', () => {
    const maps = mapsOf(1, 1, visibility, (_item, _head, _query, seen) => 1 / seen.length)
    const uniform = uniformStatistics(visibility)
    for (const [name, [value]] of Object.entries(headStatistics(rowStatisticsOf(maps, 0))))
      expect(value, name).toBeCloseTo(uniform[name as keyof typeof uniform]!, 7)
  })

  it('centre rows by the keys that they see: unlike heads do not correlate for their common mask', () => {
    const maps = mapsOf(1, 2, visibility, (_item, head, _query, seen, key) =>
      (key === seen[0]) === (head === 0) ? 0.75 : 0.25,
    )
    const { rowCenteredPearson, jsDivergence } = pairSimilarity(maps, 0, 0, 1)
    expect(rowCenteredPearson).toBeCloseTo(-1, 6)
    // Of (3/4, 1/4) and (1/4, 3/4), whose middle is (1/2, 1/2).
    expect(jsDivergence).toBeCloseTo(0.75 * Math.log2(1.5) + 0.25 * Math.log2(0.5), 6)
  })
})

describe('without an own position', () => {
  it('what is measured from it is null, and the rest is there', () => {
    const every = everyKey(2, 3)
    const statistics = headStatistics(
      rowStatisticsOf(
        mapsOf(1, 1, every, () => 1 / 3),
        0,
      ),
    )
    expect(statistics).toMatchObject({ distance: [null], previousToken: [null], diagonal: [null] })
    expect(statistics.entropy[0]).toBeCloseTo(Math.log(3), 6)
    expect(uniformStatistics(every)).toMatchObject({ distance: null, previousToken: null, diagonal: null })
    expect(uniformStatistics(every).firstToken).toBeCloseTo(1 / 3, 12)
  })
})

describe('rows that see no key', () => {
  // The second item is all padding; of the first, rows see one key, then two.
  const padded = visibilityOf({ batch: 2, heads: 1, queries: 2, keys: 2, offset: 0, causal: true, keyLengths: [2, 0] })
  const rows = rowStatisticsOf(
    mapsOf(2, 1, padded, (_item, _head, _query, seen) => 1 / seen.length),
    0,
  )

  it('are counted, and take part in nothing', () => {
    expect(checksOf(rows, rows, true)).toEqual({ maxRowSumError: 0, maxHiddenWeight: 0, emptyRows: 2, finite: true })
    expect(headStatistics(rows).entropy[0]).toBeCloseTo(Math.LN2, 6) // of the one row that sees two keys
    expect(uniformStatistics(padded).entropy).toBeCloseTo(Math.LN2, 12)
  })

  it('leave statistics null where there are no others', () => {
    const nothing = visibilityOf({ batch: 1, heads: 1, queries: 2, keys: 2, keyLengths: [0] })
    expect(
      headStatistics(
        rowStatisticsOf(
          mapsOf(1, 1, nothing, () => 0),
          0,
        ),
      ).entropy,
    ).toEqual([null])
    expect(uniformStatistics(nothing).entropy).toBeNull()
  })
})

describe('with a sink', () => {
  const rows = emptyRowStatistics(1, 1, everyKey(1, 2), true)
  fillRow(rows, 0, 0, Float64Array.of(0.25, 0.25), 0, 0.5)

  it('the entropy has its share, the sum has not, and it stands beside', () => {
    expect(rows.entropy[0]).toBeCloseTo(2 * 0.25 * Math.log(4) + 0.5 * Math.log(2), 12)
    expect(rows.sum[0]).toBe(0.5)
    expect(sinkStatistics(rows)).toEqual([0.5])
  })

  it('a row that sums to less than one is no error', () => {
    expect(checksOf(rows, rows, true).maxRowSumError).toBe(0)
  })
})
