import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  averageContextRange,
  averageMapStatistics,
  averageRelativeDifference,
  mapStatistics,
} from '../../src/experiments/measures.ts'
import { contextStatistics } from '../../src/statistics/context-statistics.ts'
import { effectiveRank } from '../../src/statistics/effective-rank.ts'
import { rowStatisticsOf } from '../../src/statistics/row-statistics.ts'
import { similarityOf } from '../../src/statistics/similarity.ts'
import { causal } from '../../src/problem/visibility.ts'
import { headStatistics, uniformStatistics, weightStatistics } from '../../src/statistics/summary.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'
import { tensor } from '../../src/tensor/tensor.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { wireName } from '../../src/encoders/wire-names.ts'

type Nested = number | null | Nested[]
type Statistics = Record<string, (number | null)[]>
interface Truth {
  weights: {
    name: string
    weights: Nested[][][][]
    statistics: Statistics
    uniform: Record<string, number | null>
    similarity: Record<string, Nested> | null
  }[]
  effective_rank: { name: string; queries: number[][]; keys: number[][]; effective_rank: number | null }[]
  context: { name: string; context: Nested; summary: Record<string, number> }[]
  relative_l2: { of: Nested; baseline: Nested; value: number }
}
const truth = JSON.parse(readFileSync(new URL('../truth/statistics.json', import.meta.url), 'utf8')) as Truth

const flat = (nested: Nested): (number | null)[] => (Array.isArray(nested) ? nested.flatMap(flat) : [nested])
const shape = (nested: Nested): number[] => (Array.isArray(nested) ? [nested.length, ...shape(nested[0]!)] : [])
const tensorOf = (nested: Nested): Tensor => tensor(shape(nested), Float32Array.from(flat(nested) as number[]))

/** Float32 in, float64 sums: what is left is the rounding of the weights. */
function expectNear(got: readonly (number | null)[], want: readonly (number | null)[], what: string): void {
  expect(got.length, what).toBe(want.length)
  want.forEach((value, i) => {
    const mine = got[i]!
    if (value === null) expect(mine === null || Number.isNaN(mine), `${what} ${i}: ${mine}`).toBe(true)
    else expect(Math.abs(mine - value), `${what} ${i}: ${mine}, not ${value}`).toBeLessThan(1e-6)
  })
}

describe.each(truth.weights)('weights, $name', ({ weights, statistics, uniform, similarity }) => {
  const {
    data,
    shape: [batch, heads, seqLen],
  } = tensorOf(weights)
  const maps = AttentionMaps.whole(batch!, heads!, causal(seqLen!), 0, data)
  const rows = rowStatisticsOf(maps, 0)

  it('has the statistics that NumPy finds, head by head', () => {
    const mine = headStatistics(rows)
    const level = uniformStatistics(causal(seqLen!))
    for (const name of weightStatistics) {
      expectNear(mine[name], statistics[wireName(name)] ?? mine[name].map(() => null), name)
      expectNear([level[name]], [uniform[wireName(name)]!], `uniform ${name}`)
    }
  })

  it('has them averaged over heads as the experiments take them', () => {
    const mine = averageMapStatistics(rows, batch!)
    mapStatistics.forEach((name, i) => {
      const each = statistics[wireName(name)]
      expectNear([mine[i]!], [each == null ? null : (each as number[]).reduce((a, b) => a + b, 0) / heads!], name)
    })
  })

  if (similarity !== null)
    it('has the similarities that NumPy finds', () => {
      const mine = similarityOf(maps)
      expectNear(Array.from(mine.pearson.data), flat(similarity.pearson!), 'pearson')
      expectNear(
        Array.from(mine.rowCenteredPearson.data),
        flat(similarity.row_centered_pearson!),
        'row-centered pearson',
      )
      expectNear(Array.from(mine.jsDivergence.data), flat(similarity.js_divergence!), 'js divergence')
    })
})

describe.each(truth.effective_rank)('effective rank, $name', ({ queries, keys, effective_rank: want }) => {
  it('is that of the whole QK^T by NumPy', () => {
    const got = effectiveRank(tensorOf(queries).data, tensorOf(keys).data, 0, queries.length, queries[0]!.length)
    expectNear([got], [want], 'effective rank')
  })
})

describe.each(truth.context)('context, $name', ({ context, summary }) => {
  it('has the statistics that NumPy finds', () => {
    const values = tensorOf(context)
    const { min, max, mean, std, normMean } = contextStatistics(values)
    expectNear(
      [min, max, mean, std, normMean],
      [summary.min!, summary.max!, summary.mean!, summary.std!, summary.norm_mean!],
      'context',
    )
    expectNear([averageContextRange(values, values.shape[0]!)], [summary.range!], 'range')
  })
})

it('the relative difference of contexts is that by NumPy', () => {
  const { of, baseline, value } = truth.relative_l2
  expect(averageRelativeDifference(tensorOf(of), tensorOf(baseline), shape(of)[0]!)).toBeCloseTo(value, 6)
})
