import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { selfAttention } from '../../src/problem/problem.ts'
import type { AttentionProblem } from '../../src/problem/problem.ts'
import { drawProblem, inputOf, problemCases, withInput } from '../conformance/problems.ts'

const engine = referenceEngine('test')
const everything = {
  statistics: true,
  weights: true,
  scores: true,
  queries: true,
  keys: true,
  values: true,
  contextHeads: true,
}

/** One feature, one head of one: queries, keys and values are the input times a number. */
function scalarProblem(x: number[], query: number, key: number, value: number): AttentionProblem {
  const projection = (weight: number) => ({ weight: Float32Array.of(weight), bias: null })
  return selfAttention({
    batch: 1,
    length: x.length,
    dIn: 1,
    heads: 1,
    headDim: 1,
    input: Float32Array.from(x),
    projections: { query: projection(query), key: projection(key), value: projection(value), output: null },
  })
}

describe('the reference engine, against answers worked out by hand', () => {
  it('weighs a token by the softmax of its score: ln 3 against 0 is three quarters', async () => {
    // Scores of row 1: x_1 x_0 = 0, x_1 x_1 = ln 3. Values are twice the input.
    const root = Math.sqrt(Math.log(3))
    const { weights, context, rowStatistics } = await engine.run(scalarProblem([0, root], 1, 1, 2), everything)
    expect([...weights!.row(0, 0, 0)]).toEqual([1])
    expect(weights!.row(0, 0, 1)[0]).toBeCloseTo(0.25, 7)
    expect(weights!.row(0, 0, 1)[1]).toBeCloseTo(0.75, 7)
    expect(context.data[0]).toBe(0)
    expect(context.data[1]).toBeCloseTo(1.5 * root, 6)
    expect(rowStatistics!.entropy[1]).toBeCloseTo(Math.log(4) - 0.75 * Math.log(3), 6)
    expect(rowStatistics!.maxWeight[1]).toBeCloseTo(0.75, 6)
    expect(rowStatistics!.distance[1]).toBeCloseTo(0.25, 6)
    expect(rowStatistics!.firstToken[1]).toBeCloseTo(0.25, 6)
    expect(rowStatistics!.previousToken[1]).toBeCloseTo(0.25, 6)
    expect(rowStatistics!.diagonal[1]).toBeCloseTo(0.75, 6)
    expect(rowStatistics!.previousToken[0]).toBe(0)
  })

  it('is uniform over what a row may see when the queries are zero, and the context is the running mean', async () => {
    const x = [3, -1, 4, 1, -5, 9]
    const { weights, scores, context, rowStatistics } = await engine.run(scalarProblem(x, 0, 1, 1), everything)
    let sum = 0
    for (let i = 0; i < x.length; i++) {
      sum += x[i]!
      expect([...weights!.row(0, 0, i)]).toEqual(Array.from({ length: i + 1 }, () => Math.fround(1 / (i + 1))))
      expect([...scores!.row(0, 0, i)].map(Math.abs)).toEqual(Array.from({ length: i + 1 }, () => 0))
      expect(context.data[i]).toBeCloseTo(sum / (i + 1), 6)
      expect(rowStatistics!.entropy[i]).toBeCloseTo(Math.log(i + 1), 6)
      expect(rowStatistics!.distance[i]).toBeCloseTo(i / 2, 6)
    }
  })

  it('drops a weight, and divides what it keeps by the probability of keeping; the weights stay as they were', async () => {
    const problem = {
      ...scalarProblem([2, 6], 0, 1, 1),
      dropout: { keep: Uint8Array.of(1, 1, 0, 1), keepProbability: 0.5 },
    }
    const { weights, context } = await engine.run(problem, everything)
    expect([...weights!.row(0, 0, 1)]).toEqual([0.5, 0.5])
    expect([...context.data]).toEqual([4, 6]) // 1 / 0.5 * 2, then 0 * 2 + 0.5 / 0.5 * 6
  })

  it("keeps PyTorch's layout: y = x W^T + b, heads side by side", async () => {
    const identity = { weight: Float32Array.of(1, 0, 0, 1), bias: null }
    const problem = selfAttention({
      batch: 2,
      length: 1,
      dIn: 2,
      heads: 2,
      headDim: 1,
      outputDim: 2,
      input: Float32Array.of(1, 2, 3, 4),
      projections: {
        query: identity,
        key: identity,
        value: { weight: Float32Array.of(1, 10, 100, 1000), bias: Float32Array.of(0.5, 0.25) },
        output: { weight: Float32Array.of(0, 1, 1, 0), bias: Float32Array.of(0, 7) },
      },
    })
    const { values, contextHeads, context } = await engine.run(problem, everything)
    expect(values!.shape).toEqual([2, 2, 1, 1])
    expect([...values!.data]).toEqual([21.5, 2100.25, 43.5, 4300.25])
    expect([...contextHeads!.data]).toEqual([21.5, 2100.25, 43.5, 4300.25])
    expect([...context.data]).toEqual([2100.25, 28.5, 4300.25, 50.5])
  })

  it('sees nothing of later tokens: an earlier row is the same whatever follows', async () => {
    const problem = drawProblem(problemCases.find(({ name }) => name === 'peaked weights')!)
    const { context } = await engine.run(problem, {})
    const changed = inputOf(problem).slice()
    changed.fill(9, changed.length - problem.size.dIn) // the last token of the last item
    const { context: after } = await engine.run(withInput(problem, changed), {})
    const kept = context.data.length - problem.size.outputDim
    expect([...after.data.subarray(0, kept)]).toEqual([...context.data.subarray(0, kept)])
    expect([...after.data.subarray(kept)]).not.toEqual([...context.data.subarray(kept)])
  })

  it('stays finite where exp alone would overflow', async () => {
    const { weights, context } = await engine.run(scalarProblem([1000, -1000, 2000], 1, 1, 1), everything)
    expect([...weights!.row(0, 0, 2)]).toEqual([0, 0, 1])
    expect([...context.data]).toEqual([1000, -1000, 2000])
  })
})
