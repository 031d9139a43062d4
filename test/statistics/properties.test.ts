import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { averageSimilarity } from '../../src/experiments/heads/similarity-null.ts'
import { averageMapStatistics, mapStatistics } from '../../src/experiments/measures.ts'
import { effectiveRank } from '../../src/statistics/effective-rank.ts'
import { rowStatisticsOf } from '../../src/statistics/row-statistics.ts'
import { pairSimilarity } from '../../src/statistics/similarity.ts'
import { causal } from '../../src/problem/visibility.ts'
import { headStatistics, uniformStatistics, weightStatistics } from '../../src/statistics/summary.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'

/** Causal maps of any size and peakedness: (1, heads, T, T), rows that sum to one. */
const someMaps = (heads: fc.Arbitrary<number>, seqLen: fc.Arbitrary<number>): fc.Arbitrary<AttentionMaps> =>
  fc
    .record({
      heads,
      seqLen,
      scale: fc.double({ min: 0, max: 60, noNaN: true }),
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    })
    .map(({ heads: h, seqLen: t, scale, seed }) => {
      let state = seed
      const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647
      return mapsOf(h, t, (_head, query) => {
        const scores = Array.from({ length: query + 1 }, () => scale * (random() - 0.5))
        const exponents = scores.map((score) => Math.exp(score - Math.max(...scores)))
        const sum = exponents.reduce((a, b) => a + b)
        return exponents.map((exponent) => exponent / sum)
      })
    })

function mapsOf(heads: number, seqLen: number, row: (head: number, query: number) => number[]): AttentionMaps {
  const data = new Float32Array(heads * seqLen * seqLen)
  for (let head = 0; head < heads; head++)
    for (let query = 0; query < seqLen; query++) data.set(row(head, query), (head * seqLen + query) * seqLen)
  return AttentionMaps.whole(1, heads, causal(seqLen), 0, data)
}

function permuted(maps: AttentionMaps, order: readonly number[]): AttentionMaps {
  return mapsOf(maps.heads, maps.queries, (head, query) => Array.from(maps.row(0, order[head]!, query)))
}

const heads = fc.integer({ min: 2, max: 5 })
const seqLen = fc.integer({ min: 2, max: 12 })
const rounding = 1e-6

describe('of any causal maps', () => {
  it('each statistic is within its bounds', () => {
    fc.assert(
      fc.property(someMaps(heads, seqLen), (maps) => {
        const statistics = headStatistics(rowStatisticsOf(maps, 0))
        const uniform = uniformStatistics(maps.visibility)
        for (let head = 0; head < maps.heads; head++) {
          const at = (name: (typeof weightStatistics)[number]): number => statistics[name][head]!
          for (const name of weightStatistics) expect(at(name)).toBeGreaterThanOrEqual(-rounding)
          expect(at('entropy')).toBeLessThanOrEqual(uniform.entropy! + rounding)
          expect(at('normalizedEntropy')).toBeLessThanOrEqual(1 + rounding)
          expect(at('maxWeight')).toBeGreaterThanOrEqual(uniform.maxWeight! - rounding)
          for (const name of ['maxWeight', 'previousToken', 'firstToken', 'diagonal'] as const)
            expect(at(name)).toBeLessThanOrEqual(1 + rounding)
          expect(at('distance')).toBeLessThanOrEqual(maps.queries / 2 + rounding) // all on the first token
        }
        const kl = averageMapStatistics(rowStatisticsOf(maps, 0), 1)[mapStatistics.indexOf('klFromUniform')]!
        expect(kl).toBeGreaterThanOrEqual(-rounding)
      }),
    )
  })

  it('each similarity is within its bounds, symmetric, and perfect with itself', () => {
    fc.assert(
      fc.property(someMaps(heads, seqLen), (maps) => {
        const ab = pairSimilarity(maps, 0, 0, 1)
        const ba = pairSimilarity(maps, 0, 1, 0)
        expect(ab).toEqual(ba)
        for (const value of [ab.pearson, ab.rowCenteredPearson])
          if (!Number.isNaN(value)) expect(Math.abs(value)).toBeLessThanOrEqual(1)
        expect(ab.jsDivergence).toBeGreaterThanOrEqual(0)
        expect(ab.jsDivergence).toBeLessThanOrEqual(1 + rounding)
        const self = pairSimilarity(maps, 0, 0, 0)
        expect(self.pearson).toBeCloseTo(1, 9)
        if (!Number.isNaN(self.rowCenteredPearson)) expect(self.rowCenteredPearson).toBeCloseTo(1, 9)
        expect(self.jsDivergence).toBe(0)
      }),
    )
  })

  it('permuting the heads permutes what is said of each and leaves what is said of all', () => {
    const withOrder = someMaps(heads, seqLen).chain((maps) =>
      fc.tuple(
        fc.constant(maps),
        fc.shuffledSubarray(
          Array.from({ length: maps.heads }, (_, i) => i),
          { minLength: maps.heads },
        ),
      ),
    )
    fc.assert(
      fc.property(withOrder, ([maps, order]) => {
        const before = headStatistics(rowStatisticsOf(maps, 0))
        const moved = permuted(maps, order)
        const after = headStatistics(rowStatisticsOf(moved, 0))
        for (const name of weightStatistics) expect(after[name]).toEqual(order.map((head) => before[name][head]))
        averageMapStatistics(rowStatisticsOf(maps, 0), 1).forEach((value, i) =>
          expect(averageMapStatistics(rowStatisticsOf(moved, 0), 1)[i]).toBeCloseTo(value, 9),
        )
        const similarity = averageSimilarity(moved, 1)
        averageSimilarity(maps, 1).forEach((value, i) =>
          Number.isNaN(value) ? expect(similarity[i]).toBeNaN() : expect(similarity[i]).toBeCloseTo(value, 9),
        )
      }),
    )
  })
})

describe('uniform maps', () => {
  it('have every statistic at its uniform value, no divergence, and no row-centered correlation', () => {
    fc.assert(
      fc.property(seqLen, (length) => {
        const maps = mapsOf(2, length, (_, query) => Array.from({ length: query + 1 }, () => 1 / (query + 1)))
        const statistics = headStatistics(rowStatisticsOf(maps, 0))
        const uniform = uniformStatistics(causal(length))
        for (const name of weightStatistics) expect(statistics[name][0]).toBeCloseTo(uniform[name]!, 6)
        expect(averageMapStatistics(rowStatisticsOf(maps, 0), 1)[mapStatistics.indexOf('klFromUniform')]).toBeCloseTo(
          0,
          6,
        )
        const { pearson, rowCenteredPearson, jsDivergence } = pairSimilarity(maps, 0, 0, 1)
        expect(pearson).toBeCloseTo(1, 9)
        expect(rowCenteredPearson).toBeNaN()
        expect(jsDivergence).toBe(0)
      }),
    )
  })
})

describe('one-hot maps', () => {
  it('have no entropy, a greatest weight of 1 and the distance of their key', () => {
    const columns = fc.tuple(seqLen, fc.infiniteStream(fc.nat()))
    fc.assert(
      fc.property(columns, ([length, stream]) => {
        const keys = Array.from({ length }, (_, query) => stream.next().value! % (query + 1))
        const maps = mapsOf(1, length, (_, query) =>
          Array.from({ length: query + 1 }, (_unused, key) => (key === keys[query] ? 1 : 0)),
        )
        const statistics = headStatistics(rowStatisticsOf(maps, 0))
        const rows = Array.from({ length: length - 1 }, (_, i) => i + 1)
        const mean = (of: (query: number) => number): number =>
          rows.reduce((sum, query) => sum + of(query), 0) / rows.length
        expect(statistics.entropy[0]).toBe(0)
        expect(statistics.normalizedEntropy[0]).toBe(0)
        expect(statistics.maxWeight[0]).toBe(1)
        expect(statistics.distance[0]).toBeCloseTo(
          mean((query) => query - keys[query]!),
          9,
        )
        expect(statistics.diagonal[0]).toBeCloseTo(
          mean((query) => (keys[query] === query ? 1 : 0)),
          9,
        )
        expect(statistics.firstToken[0]).toBeCloseTo(
          mean((query) => (keys[query] === 0 ? 1 : 0)),
          9,
        )
        expect(statistics.previousToken[0]).toBeCloseTo(
          mean((query) => (keys[query] === query - 1 ? 1 : 0)),
          9,
        )
      }),
    )
  })

  it('that never look at the same key diverge by one bit', () => {
    const maps = mapsOf(2, 5, (head, query) =>
      Array.from({ length: query + 1 }, (_, key) => (key === (head === 0 ? 0 : query) ? 1 : 0)),
    )
    expect(pairSimilarity(maps, 0, 0, 1).jsDivergence).toBe(1)
  })
})

describe('short sequences', () => {
  it('at T = 1 have no statistic and no similarity', () => {
    const maps = mapsOf(2, 1, () => [1])
    const statistics = headStatistics(rowStatisticsOf(maps, 0))
    for (const name of weightStatistics) expect(statistics[name]).toEqual([null, null])
    expect(averageMapStatistics(rowStatisticsOf(maps, 0), 1)).toEqual(mapStatistics.map(() => NaN))
    expect(averageSimilarity(maps, 1)).toEqual([NaN, NaN, NaN])
  })

  it('at T = 2 have the one row that there is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }).map(Math.fround), (weight) => {
        const maps = mapsOf(1, 2, (_, query) => (query === 0 ? [1] : [1 - weight, weight]))
        const statistics = headStatistics(rowStatisticsOf(maps, 0))
        const first = Math.fround(1 - weight)
        const term = (p: number): number => (p > 0 ? -p * Math.log(p) : 0)
        expect(statistics.entropy[0]).toBeCloseTo(term(first) + term(weight), 9)
        expect(statistics.normalizedEntropy[0]).toBeCloseTo((term(first) + term(weight)) / Math.LN2, 9)
        expect(statistics.maxWeight[0]).toBe(Math.max(first, weight))
        expect(statistics.diagonal[0]).toBe(weight)
        expect(statistics.previousToken[0]).toBe(first)
        expect(statistics.firstToken[0]).toBe(first)
      }),
    )
  })
})

describe('effective rank', () => {
  const matrix = fc
    .record({ length: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) })
    .chain(({ length, width }) =>
      fc.tuple(
        fc.constant({ length, width }),
        fc.array(fc.float({ min: -4, max: 4, noNaN: true }), {
          minLength: 2 * length * width,
          maxLength: 2 * length * width,
        }),
      ),
    )

  it('is between 1 and the smaller of length and width, however large the numbers are', () => {
    fc.assert(
      fc.property(matrix, fc.constantFrom(1e-3, 1, 1e3), ([{ length, width }, values], scale) => {
        const queries = Float32Array.from(values.slice(0, length * width))
        const keys = Float32Array.from(values.slice(length * width), (value) => value * scale)
        const rank = effectiveRank(queries, keys, 0, length, width)
        if (Number.isNaN(rank)) return // Q K^T is zero
        expect(rank).toBeGreaterThanOrEqual(1 - 1e-9)
        expect(rank).toBeLessThanOrEqual(Math.min(length, width) + 1e-9)
      }),
    )
  })

  it('is the same by way of the small matrix as of the whole one', () => {
    fc.assert(
      fc.property(matrix, ([{ length, width }, values]) => {
        const queries = Float32Array.from(values.slice(0, length * width))
        const keys = Float32Array.from(values.slice(length * width))
        // Columns of zeros change no product, and make the matrix wide enough to be taken whole.
        const padded = (data: Float32Array): Float32Array => {
          const wide = new Float32Array(length * (width + length))
          for (let row = 0; row < length; row++)
            wide.set(data.subarray(row * width, (row + 1) * width), row * (width + length))
          return wide
        }
        const small = effectiveRank(queries, keys, 0, length, width)
        const whole = effectiveRank(padded(queries), padded(keys), 0, length, width + length)
        if (Number.isNaN(small) || Number.isNaN(whole)) expect(small).toBe(whole)
        else expect(small).toBeCloseTo(whole, 6)
      }),
    )
  })

  it('is 1 at width 1, and the width for orthogonal queries and keys', () => {
    expect(effectiveRank(Float32Array.of(1, -2, 3), Float32Array.of(4, 0, 1), 0, 3, 1)).toBeCloseTo(1, 12)
    expect(effectiveRank(Float32Array.of(1, 0, 0, 1, 0, 0), Float32Array.of(0, 0, 0, 1, 1, 0), 0, 3, 2)).toBeCloseTo(
      2,
      12,
    )
    expect(effectiveRank(new Float32Array(6), Float32Array.of(1, 2, 3, 4, 5, 6), 0, 3, 2)).toBeNaN()
  })
})
