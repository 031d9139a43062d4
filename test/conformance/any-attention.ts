import { describe, expect, it } from 'vitest'
import type { AttentionOutput, Engine, Wanted } from '../../src/engines/engine.ts'
import { outlineOf } from '../../src/problem/outline.ts'
import type { AttentionProblem } from '../../src/problem/problem.ts'
import { visibilityOf } from '../../src/problem/visibility.ts'
import { rowStatisticsOf } from '../../src/statistics/row-statistics.ts'
import { expectRows, expectTensor, greatest, greatestDifference, greatestScore } from './compare.ts'
import type { Tolerance } from './compare.ts'
import { drawRuled, rulePairs } from './rules.ts'
import type { Rule } from './rules.ts'

const everything: Required<Wanted> = {
  statistics: true,
  weights: true,
  scores: true,
  queries: true,
  keys: true,
  values: true,
  contextHeads: true,
  products: true,
}

const shapeOf = (rules: readonly Rule[]) => ({ batch: 3, queries: rules.includes('rectangular') ? 5 : 11, keys: 11 })

/** Attention under any rules: the engine against the oracle, or its word that it cannot. */
export function anyAttention(engine: () => Engine, oracle: Engine, tolerance: Tolerance): void {
  const compare = async (problem: AttentionProblem): Promise<AttentionOutput> => {
    const expected = await oracle.run(problem, everything)
    const actual = await engine().run(problem, everything)
    const unit = greatestScore(expected)
    for (const stage of ['queries', 'keys', 'values', 'products', 'contextHeads', 'context'] as const)
      expectTensor(actual[stage]!, expected[stage]!, tolerance.tensors * unit, stage)
    expect(greatestDifference(actual.weights!, expected.weights!)).toBeLessThanOrEqual(tolerance.weights * unit)
    expect(greatestDifference(actual.scores!, expected.scores!)).toBeLessThanOrEqual(tolerance.tensors * unit)
    expectRows(actual.rowStatistics!, expected.rowStatistics!, tolerance.statistics * unit)
    expect(actual.rowSums.maxHiddenWeight).toBe(0)
    const bare = await engine().run(problem, {})
    expect(Object.keys(bare).sort()).toEqual(['context', 'rowSums'])
    expectTensor(bare.context, expected.context, tolerance.tensors * unit)
    expect(greatest(bare.rowSums.sum, expected.rowSums.sum)).toBeLessThanOrEqual(tolerance.statistics)
    if (expected.rowSums.sinkWeight !== null)
      expect(greatest(bare.rowSums.sinkWeight!, expected.rowSums.sinkWeight)).toBeLessThanOrEqual(
        tolerance.weights * unit,
      )
    return actual
  }
  const solves = (problem: AttentionProblem): boolean => engine().unsupported(outlineOf(problem)) === null

  it.each(rulePairs.map((rules) => [rules.join(' and '), rules] as const))('solves %s', async (_, rules) => {
    const problem = drawRuled(rules, shapeOf(rules))
    if (solves(problem)) await compare(problem)
  })

  it('solves all rules at once, in several blocks of rows', async () => {
    const mostly: readonly Rule[] = [
      'grouped',
      'soft cap',
      'bias',
      'sinks',
      'alibi',
      'rotary',
      'dropout',
      'value width',
    ]
    const masks: readonly (readonly Rule[])[] = [
      ['causal'],
      ['window'],
      ['allowed', 'causal'],
      ['key lengths', 'window'],
    ]
    for (const mask of masks) {
      for (const operands of ['given', 'separate inputs', 'norms'] as const) {
        const rules = [...mostly, ...mask, operands]
        const problem = drawRuled(rules, { batch: 2, queries: 140, keys: 150 })
        if (solves(problem)) await compare(problem)
      }
    }
  })

  it('solves a single query of many keys', async () => {
    const problem = drawRuled(['key lengths', 'sinks'], { batch: 1, queries: 1, keys: 3000 })
    if (solves(problem)) await compare(problem)
  })

  it('has row statistics that are those of its weights', async () => {
    for (const rules of rulePairs.filter((each) => !each.includes('sinks'))) {
      const problem = drawRuled(rules, shapeOf(rules))
      if (!solves(problem)) continue
      const { rowStatistics, weights } = await engine().run(problem, { statistics: true, weights: true })
      expectRows(rowStatistics!, rowStatisticsOf(weights!, 0), 10 * tolerance.statistics)
    }
  })

  it('gives zeros where a row sees nothing, a sink or none', async () => {
    for (const rules of [['given'], ['sinks'], ['projected'], ['grouped', 'soft cap']] as const) {
      for (const queries of [4, 70]) {
        const whole = drawRuled(rules, { batch: 2, queries, keys: queries })
        const { batch, heads } = whole.size
        const base = { batch, heads, queries, keys: queries }
        const visibilities = [
          visibilityOf({ ...base, keyLengths: [0, 2] }),
          visibilityOf({ ...base, offset: -3, causal: true }),
          visibilityOf({ ...base, offset: 0, window: [-1, 0] }),
          visibilityOf({ ...base, keyLengths: [0, 0] }),
        ]
        for (const visibility of visibilities) {
          const problem = { ...whole, visibility }
          if (!solves(problem)) continue
          const { weights, context, rowStatistics } = await compare(problem)
          expect(context.data.every(Number.isFinite)).toBe(true)
          expect([...weights!.row(0, 0, 0)].every((weight) => weight === 0)).toBe(true)
          expect(rowStatistics!.entropy[0]).toBeCloseTo(0, 10)
          expect(context.data.subarray(0, heads * whole.size.valueDim).every((value) => value === 0)).toBe(true)
        }
      }
    }
  })

  describe('at the edge of float32', () => {
    /** One head of one: q . k is the key. */
    const scalars = (
      keys: readonly number[],
      queries: number,
      more: {
        values?: readonly number[]
        visibility?: AttentionProblem['visibility']
        scoring?: Partial<AttentionProblem['scoring']>
      } = {},
    ): AttentionProblem => {
      const whole = drawRuled(['given'], { batch: 1, queries, keys: keys.length })
      const one = { heads: 1, keyValueHeads: 1, headDim: 1, valueDim: 1 }
      return {
        ...whole,
        size: { ...whole.size, ...one },
        operands: {
          kind: 'given',
          query: new Float32Array(queries).fill(1),
          key: Float32Array.from(keys),
          value: Float32Array.from(more.values ?? keys.map((_, key) => key + 1)),
        },
        visibility: more.visibility ?? whole.visibility,
        scoring: { ...whole.scoring, scale: 1, ...more.scoring },
      }
    }
    const rule = (queries: number, keys: number, of: object) =>
      visibilityOf({ batch: 1, heads: 1, queries, keys, offset: 0, ...of })
    const finite = (numbers: ArrayLike<number>): boolean[] => Array.from(numbers, Number.isFinite)

    it('keeps what is hidden out of a row, whatever it is', async () => {
      for (const extreme of [Infinity, -Infinity, NaN, 3e38, -3e38]) {
        const keys = [1, extreme, 2, 1]
        const hole = { data: Uint8Array.from([1, 0, 1, 1]), itemStride: 0, headStride: 0, queryStride: 0, keyStride: 1 }
        const visibilities = [
          rule(4, 4, { allowed: hole }),
          rule(4, 4, { window: [0, 0], allowed: hole }),
          rule(4, 4, { window: [-1, 1] }),
        ]
        for (const visibility of visibilities) {
          const problem = scalars(keys, 4, { values: [1, extreme, 3, 4], visibility })
          if (!solves(problem)) continue
          const expected = await oracle.run(problem, everything)
          const actual = await engine().run(problem, everything)
          expect(finite(actual.context.data)).toEqual(finite(expected.context.data))
          expect(finite(actual.rowSums.sum)).toEqual(finite(expected.rowSums.sum))
          for (let row = 0; row < 4; row++) {
            const [is, shouldBe] = [actual, expected].map(({ weights }) => [...weights!.row(0, 0, row)])
            expect(is!.map(Number.isFinite)).toEqual(shouldBe!.map(Number.isFinite))
            if (shouldBe!.every(Number.isFinite)) expect(greatest(is!, shouldBe!)).toBeLessThanOrEqual(1e-6)
            if (Number.isFinite(expected.context.data[row]))
              expect(actual.context.data[row]).toBeCloseTo(expected.context.data[row]!, 4)
          }
        }
      }
    })

    it('leaves a row without weights that sees a score which float32 cannot hold', async () => {
      const bias = (numbers: readonly number[]) => ({
        data: Float64Array.from(numbers),
        itemStride: 0,
        headStride: 0,
        queryStride: 0,
        keyStride: 1,
      })
      for (const numbers of [
        [0, 1e300, 0],
        [0, -1e300, 0],
        [0, NaN, 0],
        [0, Infinity, 0],
      ]) {
        for (const sinks of [null, Float32Array.of(1)]) {
          const problem = scalars([1, 2, 3], 3, {
            scoring: { bias: bias(numbers), sinks },
            visibility: rule(3, 3, { window: [0, 0] }),
          })
          if (!solves(problem)) continue
          const { weights, context, rowSums, rowStatistics } = await engine().run(problem, everything)
          expect(finite(context.data)).toEqual([true, false, true])
          expect(finite(rowSums.sum)).toEqual([true, false, true])
          expect(finite(rowStatistics!.entropy)).toEqual([true, false, true])
          expect([0, 1, 2].map((row) => Number.isFinite(weights!.row(0, 0, row)[0]))).toEqual([true, false, true])
          if (sinks !== null) expect(finite(rowSums.sinkWeight!)).toEqual([true, false, true])
        }
      }
    })

    it('hides a key that -Infinity is added to', async () => {
      const bias = {
        data: Float32Array.of(0, -Infinity, 0),
        itemStride: 0,
        headStride: 0,
        queryStride: 0,
        keyStride: 1,
      }
      const allowed = { ...bias, data: Uint8Array.of(1, 0, 1) }
      const problem = scalars([1, 2, 1], 3, { scoring: { bias }, visibility: rule(3, 3, { allowed }) })
      if (!solves(problem)) return
      const { weights } = await compare({ ...problem, scoring: { ...problem.scoring, bias: null } })
      expect([...weights!.row(0, 0, 0)]).toEqual([0.5, 0, 0.5])
      const { weights: biased, context } = await engine().run(problem, everything)
      expect([...biased!.row(0, 0, 0)]).toEqual([0.5, 0, 0.5])
      expect([...context.data]).toEqual([2, 2, 2])
    })

    it('sees scores that lie far below any number that might hide a key', async () => {
      for (const score of [-3e38, -1e38, -1e30, 3e38]) {
        const problem = scalars([score, score, 0, 1e30], 1, { visibility: rule(1, 4, { keyLengths: [2] }) })
        if (!solves(problem)) continue
        const { weights } = await compare(problem)
        expect([...weights!.row(0, 0, 0)]).toEqual([0.5, 0.5])
      }
    })

    it('has a sink take all or nothing', async () => {
      for (const sink of [-Infinity, -1e30, -200, 200, 1e30]) {
        const problem = scalars([1, 1], 1, { scoring: { sinks: Float32Array.of(sink) } })
        if (!solves(problem)) continue
        const { weights, rowSums } = await compare(problem)
        for (const weight of weights!.row(0, 0, 0)) expect(weight).toBeCloseTo(sink < 0 ? 0.5 : 0, 10)
        expect(rowSums.sinkWeight![0]).toBeCloseTo(sink < 0 ? 0 : 1, 10)
      }
    })
  })

  it('hides maps of what no row of a block sees', async () => {
    const whole = drawRuled(['given'], { batch: 1, queries: 600, keys: 600 })
    const visibility = visibilityOf({ batch: 1, heads: 2, queries: 600, keys: 600, offset: 0, window: [8, 0] })
    const problem = { ...whole, visibility }
    if (!solves(problem)) return
    const { weights } = await engine().run(problem, { weights: true })
    const kept = weights!.blocks.reduce((sum, { data }) => sum + data.length, 0)
    expect(kept).toBeLessThan((2 * 600 * 600) / 2)
  })
}
