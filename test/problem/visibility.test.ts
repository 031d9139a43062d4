import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { broadcastTo } from '../../src/problem/broadcast.ts'
import {
  causal,
  everyKey,
  meanKey,
  patternPlace,
  rowIndex,
  seenPairs,
  sees,
  visibilityOf,
} from '../../src/problem/visibility.ts'
import type { Visibility, VisibilityRules } from '../../src/problem/visibility.ts'

/** The keys that a row sees. */
const keysOf = (of: Visibility, item: number, head: number, query: number): number[] =>
  Array.from({ length: of.keys }, (_, key) => key).filter((key) => sees(of, item, head, query, key))

/** Each rule as it is said, key by key. */
function plainly(rules: VisibilityRules, item: number, head: number, query: number, key: number): boolean {
  const { offset = null, window: [left, right] = [null, null], keyLengths, allowed } = rules
  const own = query + (typeof offset === 'number' ? offset : (offset?.[item] ?? 0))
  if (rules.causal && key > own) return false
  if (left !== null && key < own - left) return false
  if (right !== null && key > own + right) return false
  if (keyLengths && key >= keyLengths[item]!) return false
  if (!allowed) return true
  const at =
    item * allowed.itemStride + head * allowed.headStride + query * allowed.queryStride + key * allowed.keyStride
  return allowed.data[at] !== 0
}

/** The first kind that is true, read off the rows. */
function kindOf(of: Visibility, { batch, heads }: VisibilityRules): Visibility['kind'] {
  const rows = Array.from({ length: batch * heads * of.queries }, (_, at) => {
    const [item, head, query] = [
      Math.floor(at / (heads * of.queries)),
      Math.floor(at / of.queries) % heads,
      at % of.queries,
    ]
    return { query, own: of.position?.[rowIndex(of, item, head, query)] ?? null, seen: keysOf(of, item, head, query) }
  })
  if (rows.some(({ seen }) => seen.length > 0 && seen.at(-1)! - seen[0]! + 1 > seen.length)) return 'holes'
  const isCausal = ({ query, own, seen }: (typeof rows)[number]): boolean =>
    own === query && seen[0] === 0 && seen.length === query + 1
  if (of.queries === of.keys && rows.every(isCausal)) return 'causal'
  return rows.every(({ seen }) => seen.length === of.keys) ? 'every-key' : 'intervals'
}

describe('what rows see', () => {
  it('is by the causal rule the keys up to their own, and their own is theirs', () => {
    const of = causal(4)
    expect(of.kind).toBe('causal')
    for (let query = 0; query < 4; query++)
      expect(keysOf(of, 2, 1, query)).toEqual(Array.from({ length: query + 1 }, (_, key) => key))
    expect([...of.position!]).toEqual([0, 1, 2, 3])
    expect(seenPairs(of, { batch: 3, heads: 2 })).toBe(60)
  })

  it('is everything without a rule, from nowhere', () => {
    const of = everyKey(2, 3)
    expect(of).toMatchObject({ kind: 'every-key', position: null, pairs: 6 })
    expect(keysOf(of, 0, 0, 1)).toEqual([0, 1, 2])
  })

  it('is aligned with the first or the last key, by the offset', () => {
    const rules = { batch: 1, heads: 1, queries: 2, keys: 5, causal: true }
    expect(keysOf(visibilityOf({ ...rules, offset: 0 }), 0, 0, 1)).toEqual([0, 1])
    expect(keysOf(visibilityOf({ ...rules, offset: 3 }), 0, 0, 1)).toEqual([0, 1, 2, 3, 4])
    expect(keysOf(visibilityOf({ ...rules, offset: -2 }), 0, 0, 1)).toEqual([])
  })

  it('needs a position for a causal rule or a window', () => {
    const size = { batch: 1, heads: 1, queries: 2, keys: 5 }
    expect(() => visibilityOf({ ...size, causal: true })).toThrow(RangeError)
    expect(() => visibilityOf({ ...size, window: [1, null] })).toThrow(RangeError)
  })

  it('keeps one row a query, whatever the batch, where the rule is the same for all of it', () => {
    const of = visibilityOf({ batch: 50, heads: 12, queries: 7, keys: 7, offset: 0, causal: true, window: [2, 0] })
    expect(of.count).toHaveLength(7)
    expect([...of.count]).toEqual([1, 2, 3, 3, 3, 3, 3])
    expect(seenPairs(of, { batch: 50, heads: 12 })).toBe(50 * 12 * 18)
  })

  it('is causal by name where the rules come to no more', () => {
    const rules = { batch: 2, heads: 2, queries: 5, keys: 5, offset: 0, causal: true }
    expect(visibilityOf({ ...rules, window: [4, 9], keyLengths: [5, 5] }).kind).toBe('causal')
    expect(visibilityOf({ ...rules, window: [3, 0] }).kind).toBe('intervals')
    expect(visibilityOf({ ...rules, offset: 1 }).kind).toBe('intervals')
  })

  it('is told of more rows than any memory holds, without any of them', () => {
    const size = { batch: 2 ** 31 - 1, heads: 1, queries: 2 ** 31 - 1, keys: 2 ** 31 - 1 }
    const before = process.memoryUsage().rss
    const window = visibilityOf({ ...size, offset: 0, causal: true, window: [9, 0] })
    expect(window).toMatchObject({ kind: 'intervals', pairs: 10 * size.queries })
    expect(causal(size.queries)).toMatchObject({ kind: 'causal', pairs: (size.queries * (size.queries + 1)) / 2 })
    expect(everyKey(size.queries, size.keys).kind).toBe('every-key')
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 24)
  })

  it('is what every rule on its own allows', () => {
    const rules = fc
      .record({
        batch: fc.integer({ min: 1, max: 3 }),
        heads: fc.integer({ min: 1, max: 3 }),
        queries: fc.integer({ min: 1, max: 6 }),
        keys: fc.integer({ min: 1, max: 6 }),
        causal: fc.boolean(),
        left: fc.option(fc.integer({ min: 0, max: 4 })),
        right: fc.option(fc.integer({ min: 0, max: 4 })),
        offset: fc.oneof(fc.integer({ min: -3, max: 4 }), fc.constant('each' as const)),
        padded: fc.boolean(),
        axes: fc.option(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean())),
        seed: fc.infiniteStream(fc.nat({ max: 9 })),
      })
      .map(({ left, right, offset, padded, axes, seed, ...of }): VisibilityRules => {
        const draw = (): number => seed.next().value!
        const to = [of.batch, of.heads, of.queries, of.keys] as const
        const shape = to.map((length, axis) => (axes?.[axis] === false ? 1 : length))
        const data = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, () => (draw() < 3 ? 0 : 1))
        return {
          ...of,
          window: [left, right],
          offset: offset === 'each' ? Array.from({ length: of.batch }, () => draw() - 4) : offset,
          keyLengths: padded ? Array.from({ length: of.batch }, () => Math.min(draw(), of.keys)) : null,
          allowed: axes === null ? null : broadcastTo(data, shape, to),
        }
      })
    fc.assert(
      fc.property(rules, (of) => {
        const visibility = visibilityOf(of)
        let pairs = 0
        for (let item = 0; item < of.batch; item++) {
          for (let head = 0; head < of.heads; head++) {
            for (let query = 0; query < of.queries; query++) {
              const seen = Array.from({ length: of.keys }, (_, key) => key).filter((key) =>
                plainly(of, item, head, query, key),
              )
              expect(keysOf(visibility, item, head, query)).toEqual(seen)
              const row = rowIndex(visibility, item, head, query)
              expect(visibility.count[row]).toBe(seen.length)
              if (seen.length > 0) {
                expect([visibility.first[row], visibility.end[row]]).toEqual([seen[0], seen.at(-1)! + 1])
                const mean = seen.reduce((a, b) => a + b) / seen.length
                expect(meanKey(visibility, item, head, query)).toBeCloseTo(mean, 10)
              }
              pairs += seen.length
            }
          }
        }
        expect(seenPairs(visibility, of)).toBe(pairs)
        expect(visibility.kind).toBe(kindOf(visibility, of))
        for (let pattern = 0; pattern < visibility.patterns; pattern++) {
          const { item, head } = patternPlace(visibility, pattern)
          expect(rowIndex(visibility, item, head, 0)).toBe(pattern * of.queries)
        }
      }),
      { numRuns: 400, seed: 3 },
    )
  })
})
