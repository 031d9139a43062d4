import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttentionOutput, Engine, Wanted } from '../../src/engines/engine.ts'
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { rowStatisticsOf } from '../../src/statistics/row-statistics.ts'
import { anyAttention } from './any-attention.ts'
import { expectRows, expectTensor, greatest, greatestDifference, greatestScore } from './compare.ts'
import type { Tolerance } from './compare.ts'
import { extremes } from './extremes.ts'
import { drawProblem, inputOf, problemCases, withInput, withoutValues } from './problems.ts'
import { rowsOf } from './rows.ts'

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
const stages = ['queries', 'keys', 'values', 'contextHeads'] as const

/** What every engine must do, whatever it is made of. Called once for each engine, by its own test file. */
export function conformance(name: string, create: () => Promise<Engine>, tolerance: Tolerance): void {
  const oracle = referenceEngine('test')
  let engine: Engine
  beforeAll(async () => {
    engine = await create()
  })
  afterAll(() => engine.close())

  describe.each(problemCases)('$name', (of) => {
    const problem = drawProblem(of)
    let expected: AttentionOutput
    let actual: AttentionOutput
    let sharpness: number
    beforeAll(async () => {
      expected = await oracle.run(problem, everything)
      actual = await engine.run(problem, everything)
      sharpness = greatestScore(expected)
    })

    it('gives the weights', () => {
      const { batch, heads, queries, keys } = problem.size
      expect(actual.weights!.shape).toEqual([batch, heads, queries, keys])
      expect(actual.weights!.masked).toBe(0)
      expect(greatestDifference(actual.weights!, expected.weights!)).toBeLessThanOrEqual(tolerance.weights * sharpness)
    })

    it('gives the scores', () => {
      expect(actual.scores!.shape).toEqual(expected.scores!.shape)
      expect(actual.scores!.masked).toBe(-Infinity)
      expect(greatestDifference(actual.scores!, expected.scores!)).toBeLessThanOrEqual(tolerance.tensors * sharpness)
    })

    it('gives the context', () => {
      expectTensor(actual.context, expected.context, tolerance.tensors * sharpness)
    })

    it("gives queries, keys, values and the heads' contexts", () => {
      for (const stage of stages) expectTensor(actual[stage]!, expected[stage]!, tolerance.tensors * sharpness)
    })

    it('gives the row statistics', () => {
      expectRows(actual.rowStatistics!, expected.rowStatistics!, tolerance.statistics * sharpness)
      expect(actual.rowSums.maxHiddenWeight).toBe(0)
    })

    it('has row statistics that are those of its weights', () => {
      expectRows(actual.rowStatistics!, rowStatisticsOf(actual.weights!, 0), tolerance.statistics * sharpness)
    })

    it('says of each row what its weights add up to in float64', async () => {
      const sums = [...rowsOf(actual.weights!)].map((row) => row.reduce((sum, weight) => sum + weight, 0))
      expect(greatest(actual.rowSums.sum, sums)).toBeLessThanOrEqual(5e-7)
      expect(greatest((await engine.run(problem, {})).rowSums.sum, sums)).toBeLessThanOrEqual(5e-7)
    })

    it('answers the same when nothing is asked for, and hands out nothing more', async () => {
      const bare = await engine.run(problem, {})
      expect(Object.keys(bare).sort()).toEqual(['context', 'rowSums'])
      expectTensor(bare.context, expected.context, tolerance.tensors * sharpness)
      expect(greatest(bare.rowSums.sum, expected.rowSums.sum)).toBeLessThanOrEqual(tolerance.statistics)
      expect(bare.rowSums.maxHiddenWeight).toBe(0)
    })

    it('gives the statistics alone', async () => {
      const { rowStatistics } = await engine.run(problem, { statistics: true })
      expectRows(rowStatistics!, expected.rowStatistics!, tolerance.statistics * sharpness)
    })
  })

  it('agrees on shapes that nobody thought of', async () => {
    const upTo = (max: number) => fc.integer({ min: 1, max })
    const shape = fc.record({
      batch: upTo(4),
      seqLen: fc.oneof(upTo(12), fc.integer({ min: 120, max: 140 })),
      dIn: upTo(9),
      heads: upTo(3),
      group: upTo(2),
      headDim: upTo(9),
      outputDim: fc.option(upTo(9), { nil: undefined }),
      biases: fc.subarray(['q', 'k', 'v', 'o']),
      sharpness: fc.constantFrom(1, 4),
      dropout: fc.option(fc.constantFrom(0.2, 0.7), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ heads, group, biases, ...of }) => {
        const problem = drawProblem({
          name: JSON.stringify(of),
          ...of,
          numHeads: heads * group,
          numKeyValueHeads: heads,
          biases: biases.join(''),
        })
        const [expected, actual] = [await oracle.run(problem, everything), await engine.run(problem, everything)]
        const sharpness = greatestScore(expected)
        expect(greatestDifference(actual.weights!, expected.weights!)).toBeLessThanOrEqual(
          tolerance.weights * sharpness,
        )
        expectTensor(actual.context, expected.context, tolerance.tensors * sharpness)
        for (const stage of stages) expectTensor(actual[stage]!, expected[stage]!, tolerance.tensors * sharpness)
        expectRows(actual.rowStatistics!, expected.rowStatistics!, tolerance.statistics * sharpness)
        expect(actual.rowSums.maxHiddenWeight).toBe(0)
      }),
      { seed: 4, numRuns: 60 },
    )
  })

  it('gives the same bytes each time, whatever else is asked for', async () => {
    for (const of of problemCases) {
      const problem = drawProblem(of)
      const [first, second] = [await engine.run(problem, everything), await engine.run(problem, everything)]
      expect(second.context.data).toEqual(first.context.data)
      expect(second.rowStatistics).toEqual(first.rowStatistics)
      expect([...rowsOf(second.weights!)]).toEqual([...rowsOf(first.weights!)])
      const alone = await engine.run(problem, { weights: true })
      expect([...rowsOf(alone.weights!)]).toEqual([...rowsOf(first.weights!)])
      expect(alone.context.data).toEqual(first.context.data)
    }
  })

  it('hands out each stage alone when it alone is asked for', async () => {
    const problem = drawProblem(problemCases.find((of) => of.name === 'T 129')!)
    const expected = await oracle.run(problem, everything)
    for (const stage of Object.keys(everything) as (keyof Wanted)[]) {
      const output = await engine.run(problem, { [stage]: true })
      expect(Object.keys(output).sort()).toEqual(
        ['context', 'rowSums', stage === 'statistics' ? 'rowStatistics' : stage].sort(),
      )
      expectTensor(output.context, expected.context, tolerance.tensors)
    }
  })

  it('gives the maps alone of a problem without values', async () => {
    for (const of of problemCases.filter(({ seqLen }) => seqLen < 130)) {
      const problem = drawProblem(of)
      const expected = await oracle.run(problem, everything)
      const actual = await engine.run(withoutValues(problem), {
        statistics: true,
        weights: true,
        scores: true,
        queries: true,
        keys: true,
      })
      const sharpness = greatestScore(expected)
      expect(actual.context.shape).toEqual([problem.size.batch, problem.size.queries, 0])
      expect(actual.context.data).toHaveLength(0)
      expect(greatestDifference(actual.weights!, expected.weights!)).toBeLessThanOrEqual(tolerance.weights * sharpness)
      expect(greatestDifference(actual.scores!, expected.scores!)).toBeLessThanOrEqual(tolerance.tensors * sharpness)
      for (const stage of ['queries', 'keys'] as const)
        expectTensor(actual[stage]!, expected[stage]!, tolerance.tensors * sharpness)
      expectRows(actual.rowStatistics!, expected.rowStatistics!, tolerance.statistics * sharpness)
      expect(actual.rowSums.maxHiddenWeight).toBe(0)
    }
  })

  describe('at the edge of float32', () => extremes(() => engine, oracle, tolerance.statistics))

  describe('any attention', () => anyAttention(() => engine, oracle, tolerance))

  it('does not write to the problem', async () => {
    for (const of of problemCases.filter(({ seqLen }) => seqLen < 130)) {
      const problem = drawProblem(of)
      await engine.run(problem, everything)
      expect(problem).toEqual(drawProblem(of))
    }
  })

  it('gives arrays that nobody else writes to', async () => {
    for (const of of problemCases.filter(({ seqLen }) => seqLen === 8 || seqLen === 129)) {
      const problem = drawProblem(of)
      const first = await engine.run(problem, everything)
      const kept = structuredClone({
        context: first.context.data,
        blocks: first.weights!.blocks,
        rows: first.rowStatistics,
      })
      const other = withInput(
        problem,
        inputOf(problem).map((value) => value * -2),
      )
      await engine.run(other, everything)
      expect({ context: first.context.data, blocks: first.weights!.blocks, rows: first.rowStatistics }).toEqual(kept)
      first.context.data.fill(7)
      first.weights!.blocks.forEach(({ data }) => data.fill(7))
      expect((await engine.run(problem, everything)).context.data).toEqual(kept.context)
    }
  })

  it('tells a number that is not finite by its context or its rows', async () => {
    const problem = drawProblem(problemCases[0]!)
    const input = inputOf(problem).slice()
    input[3] = Infinity
    for (const statistics of [false, true]) {
      const { context, rowSums, rowStatistics } = await engine.run(withInput(problem, input), { statistics })
      expect([...context.data, ...rowSums.sum, ...(rowStatistics?.entropy ?? [])].every(Number.isFinite)).toBe(false)
    }
  })

  it(`calls itself ${name}, with a device and a version`, () => {
    expect(engine.name).toBe(name)
    expect(['cpu', 'gpu']).toContain(engine.device)
    expect(engine.version).not.toBe('')
  })
}
