import { describe, expect, it } from 'vitest'
import { broadcastTo, rowStart } from '../../src/problem/broadcast.ts'

const to = [2, 3, 4, 5] as const
const data = new Float32Array(0)

describe('broadcasting to (batch, heads, queries, keys)', () => {
  it('matches axes from the last one on and repeats what is 1 or absent', () => {
    expect(broadcastTo(data, [5], to)).toMatchObject({ itemStride: 0, headStride: 0, queryStride: 0, keyStride: 1 })
    expect(broadcastTo(data, [3, 1, 5], to)).toMatchObject({ headStride: 5, queryStride: 0, keyStride: 1 })
    expect(broadcastTo(data, [2, 1, 4, 1], to)).toMatchObject({
      itemStride: 4,
      headStride: 0,
      queryStride: 1,
      keyStride: 0,
    })
    expect(broadcastTo(data, [], to)).toMatchObject({ itemStride: 0, keyStride: 0 })
    expect(rowStart(broadcastTo(data, [...to], to)!, 1, 2, 3)).toBe(((1 * 3 + 2) * 4 + 3) * 5)
  })

  it('refuses what fits nowhere', () => {
    for (const shape of [[4], [3, 5], [2, 4, 5], [1, 2, 3, 4, 5]]) expect(broadcastTo(data, shape, to)).toBeNull()
  })
})
