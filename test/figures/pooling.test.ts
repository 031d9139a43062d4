import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapCells, matrixCells, planPooling, visibleCells } from '../../src/figures/pooling.ts'
import type { Pooling } from '../../src/figures/pooling.ts'
import { causal } from '../../src/problem/visibility.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'

const pooling = (rows: number, columns: number, rowFactor: number, columnFactor: number): Pooling => ({
  rowFactor,
  columnFactor,
  rowBlocks: Math.ceil(rows / rowFactor),
  columnBlocks: Math.ceil(columns / columnFactor),
})

/** A map whose value at (query, key) is 100 query + key, and -1, which no figure may show, above the diagonal. */
function numbered(seqLen: number): AttentionMaps {
  const data = Float32Array.from({ length: seqLen * seqLen }, (_, at) =>
    at % seqLen <= Math.floor(at / seqLen) ? 100 * Math.floor(at / seqLen) + (at % seqLen) : 1e6,
  )
  return AttentionMaps.whole(1, 1, causal(seqLen), 0, data)
}

describe('the cells of a causal map', () => {
  it('are its visible positions when nothing is pooled', () => {
    expect(mapCells(numbered(3), 0, 0, [0, 2], [0, 2], pooling(3, 3, 1, 1))).toEqual([
      [0, 0, 0],
      [1, 0, 100],
      [1, 1, 101],
      [2, 0, 200],
      [2, 1, 201],
      [2, 2, 202],
    ])
  })

  it('are the greatest values of their blocks, of what is visible alone', () => {
    expect(mapCells(numbered(5), 0, 0, [0, 4], [0, 4], pooling(5, 5, 2, 2))).toEqual([
      [0, 0, 101],
      [2, 0, 301],
      [2, 2, 303],
      [4, 0, 401],
      [4, 2, 403],
      [4, 4, 404],
    ])
  })

  it('lie within a window', () => {
    expect(mapCells(numbered(9), 0, 0, [4, 5], [3, 5], pooling(2, 3, 1, 1))).toEqual([
      [4, 3, 403],
      [4, 4, 404],
      [5, 3, 503],
      [5, 4, 504],
      [5, 5, 505],
    ])
  })

  it('let a NaN show through, wherever in the block it is', () => {
    const maps = numbered(4)
    maps.blocks[0]!.data[4] = NaN
    expect(mapCells(maps, 0, 0, [0, 3], [0, 3], pooling(4, 4, 2, 2))[0]).toEqual([0, 0, NaN])
    expect(matrixCells(Float32Array.from([1, NaN, 3, 4]), 2, [0, 1], pooling(2, 2, 2, 2))).toEqual([[0, 0, NaN]])
  })

  it('are as many as were counted, each the greatest of its block', () => {
    const window = fc.tuple(fc.nat(19), fc.nat(19)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(
        window,
        window,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        (rows, keys, rowFactor, columnFactor) => {
          const plan = pooling(rows[1] - rows[0] + 1, keys[1] - keys[0] + 1, rowFactor, columnFactor)
          const cells = mapCells(numbered(20), 0, 0, rows, keys, plan)
          expect(cells.length).toBe(visibleCells(causal(20), 0, 0, rows, keys, plan))
          for (const [query, key, value] of cells) {
            const last = Math.min(query + rowFactor - 1, rows[1])
            expect(value).toBe(100 * last + Math.min(key + columnFactor - 1, keys[1], last))
          }
        },
      ),
    )
  })
})

describe('the cells of a matrix', () => {
  it('are the values of greatest magnitude, with their sign', () => {
    expect(matrixCells(Float32Array.from([1, -3, 2, 0, 4, -5]), 3, [0, 1], pooling(2, 3, 2, 2))).toEqual([
      [0, 0, 4],
      [0, 2, -5],
    ])
  })
})

describe('planning the pooling', () => {
  const square = (n: number, panels: number, room: number) =>
    planPooling({
      rows: n,
      columns: n,
      panels,
      room: { rows: room, columns: room },
      visible: (plan) => visibleCells(causal(n), 0, 0, [0, n - 1], [0, n - 1], plan),
    })

  it('leaves alone what fits', () => {
    expect(square(64, 12, 112)).toMatchObject({ rowFactor: 1, columnFactor: 1 })
  })

  it('pools to the room that a panel has', () => {
    expect(square(1024, 1, 256)).toMatchObject({ rowFactor: 4, columnFactor: 4, rowBlocks: 256, columnBlocks: 256 })
  })

  it('pools further when many panels would be too many bytes', () => {
    expect(square(1024, 12, 112).rowFactor).toBeGreaterThan(Math.ceil(1024 / 112))
  })

  it('refuses when pooling cannot help, with both numbers', () => {
    expect(() => square(64, 5000, 60)).toThrow(
      expect.objectContaining({
        code: 'figure-too-large',
        extra: { estimated_bytes: expect.any(Number), limit_bytes: 2 ** 21 },
      }),
    )
  })
})
