import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AttentionOutput, Engine, Wanted } from '../../src/engines/engine.ts'
import type { Projection } from '../../src/problem/operands.ts'
import { selfAttention } from '../../src/problem/problem.ts'
import type { AttentionProblem } from '../../src/problem/problem.ts'
import { rowColumns, rowsOf } from './rows.ts'

/**
 * Numbers at the edge of float32: scores so large that no finite number added to one could hide it, and scores and
 * values that float32 cannot hold. Everything here is a power of two, so that float32 and float64 give the same scores.
 */

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

/** One feature, heads of one: queries, keys and values of a head are the input times its numbers. */
interface Scalars {
  /** (batch, seqLen) */
  readonly input: readonly (readonly number[])[]
  /** (heads) each */
  readonly query: readonly number[]
  readonly key: readonly number[]
  readonly value: readonly number[]
  readonly keep?: Uint8Array | undefined
}

function scalarProblem({ input, query, key, value, keep }: Scalars): AttentionProblem {
  const weight = (numbers: readonly number[]): Projection => ({ weight: Float32Array.from(numbers), bias: null })
  return selfAttention({
    batch: input.length,
    length: input[0]!.length,
    dIn: 1,
    heads: query.length,
    keyValueHeads: key.length,
    headDim: 1,
    input: Float32Array.from(input.flat()),
    projections: { query: weight(query), key: weight(key), value: weight(value), output: null },
    dropout: keep === undefined ? null : { keep, keepProbability: 0.5 },
  })
}

export function extremes(engine: () => Engine, oracle: Engine, tolerance: number): void {
  const bothRun = async (problem: AttentionProblem): Promise<AttentionOutput> => {
    const actual = await engine().run(problem, everything)
    expectAlike(actual, await oracle.run(problem, everything), tolerance)
    return actual
  }

  it('keeps the future out of a row whose own score lies below any number that might be added', async () => {
    const problem = scalarProblem({ input: [[1.79e19, -1.118e19]], query: [-1], key: [1], value: [1] })
    const { weights, context, rowStatistics } = await bothRun(problem)
    expect([...weights!.row(0, 0, 0)]).toEqual([1])
    expect([...weights!.row(0, 0, 1)]).toEqual([1, 0])
    expect([...context.data]).toEqual([Math.fround(1.79e19), Math.fround(1.79e19)])
    expect([...rowStatistics!.entropy]).toEqual([0, 0])
  })

  it('is uniform over scores that are huge and equal', async () => {
    for (const size of [6.4e18, -6.4e18, 1.8e19]) {
      for (const key of [1, -1]) {
        const problem = scalarProblem({ input: [[size, size, size]], query: [1], key: [key], value: [1] })
        const { rowStatistics } = await bothRun(problem)
        for (const [row, entropy] of [0, Math.LN2, Math.log(3)].entries())
          expect(rowStatistics!.entropy[row]).toBeCloseTo(entropy, 6)
      }
    }
  })

  it('has no weights in a row that sees a score too large for float32, and all of them in every other', async () => {
    // Scores of row 2: 2^96, 2^96, 2^128, which is too large; row 3's are 2^64, 2^64, 2^96, 2^64.
    const input = [[2 ** 32, 2 ** 32, 2 ** 64, 2 ** 32]]
    for (const sign of [1, -1]) {
      const { weights, scores, rowStatistics, rowSums, context } = await bothRun(
        scalarProblem({ input, query: [sign], key: [1], value: [2 ** -32] }),
      )
      const rows = [...rowsOf(weights!)]
      expect(rows).toEqual([
        [1],
        [0.5, 0.5],
        [NaN, NaN, NaN],
        sign > 0 ? [0, 0, 1, 0] : [1 / 3, 1 / 3, 0, 1 / 3].map(Math.fround),
      ])
      expect([...scores!.row(0, 0, 2)]).toEqual([sign * 2 ** 96, sign * 2 ** 96, sign * Infinity])
      expect([...context.data].map(Number.isFinite)).toEqual([true, true, false, true])
      expect([...rowSums.sum].map(Number.isFinite)).toEqual([true, true, false, true])
      for (const column of rowColumns)
        expect([...rowStatistics![column]].map(Number.isFinite), column).toEqual([true, true, false, true])
      expect(rowSums.maxHiddenWeight).toBe(0)
    }
  })

  it('keeps a value too large for float32 to the rows that see it', async () => {
    const { context, weights } = await bothRun(
      scalarProblem({ input: [[1, 2, 2 ** 64, 2]], query: [0], key: [1], value: [2 ** 64] }),
    )
    expect([...context.data.subarray(0, 2)]).toEqual([2 ** 64, 1.5 * 2 ** 64])
    expect([...context.data.subarray(2)].map(Number.isFinite)).toEqual([false, false])
    expect([...weights!.row(0, 0, 3)]).toEqual([0.25, 0.25, 0.25, 0.25])
  })

  it('agrees on numbers of any size, and answers the first positions as if there were no others', async () => {
    const power = fc.record({ sign: fc.constantFrom(-1, 1), exponent: fc.constantFrom(-2, 0, 1, 40, 62, 63, 64, 100) })
    const number = power.map(({ sign, exponent }) => sign * 2 ** exponent)
    const of = fc
      .record({
        batch: fc.integer({ min: 1, max: 3 }),
        seqLen: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 60, max: 130 })),
        heads: fc.integer({ min: 1, max: 3 }),
        dropped: fc.boolean(),
        ordinary: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .chain(({ batch, seqLen, heads, dropped, ordinary }) => {
        const list = (length: number): fc.Arbitrary<number[]> =>
          fc.array(number, { minLength: length, maxLength: length })
        const squares = batch * heads * seqLen * seqLen
        return fc.record({
          input: fc
            .array(
              fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), number), {
                minLength: seqLen,
                maxLength: seqLen,
              }),
              { minLength: batch, maxLength: batch },
            )
            .map((items) =>
              items.map((item) => item.map(([choice, large]) => (choice < ordinary ? Math.sign(large) : large))),
            ),
          query: list(heads),
          key: list(heads),
          value: list(heads),
          keep: fc.constant(dropped ? Uint8Array.from({ length: squares }, (_, i) => (i * 7) % 3 && 1) : undefined),
          first: fc.integer({ min: 1, max: seqLen }),
        })
      })
    await fc.assert(
      fc.asyncProperty(of, async ({ first, ...scalars }) => {
        const whole = await bothRun(scalarProblem(scalars))
        expect(whole.rowSums.maxHiddenWeight).toBe(0)
        expectToldByRows(whole)
        const { keep: _, ...undropped } = scalars
        const input = scalars.input.map((item) => item.slice(0, first))
        const beginning = await engine().run(scalarProblem({ ...undropped, input }), everything)
        for (let item = 0; item < input.length; item++) {
          for (let head = 0; head < scalars.query.length; head++) {
            for (let row = 0; row < first; row++)
              expectNumbers(whole.weights!.row(item, head, row), beginning.weights!.row(item, head, row), tolerance)
          }
        }
      }),
      { seed: 14, numRuns: 150 },
    )
  })
}

/** Whether float32 holds a number for certain: at its very edge the rounding decides. */
const holds = (value: number): boolean => Math.abs(value) < 3.4028e38

/** What is not finite must not be in both; the rest within the tolerance, relative where it is large. */
function expectNumbers(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  expect(actual.length, what).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const [is, shouldBe] = [actual[i]!, expected[i]!]
    if (holds(is) && holds(shouldBe)) {
      const error = Math.abs(is - shouldBe) / Math.max(1, Math.abs(shouldBe))
      if (error > tolerance) expect(is, `${what} ${i}`).toBe(shouldBe)
    } else if (holds(is) !== holds(shouldBe)) expect(is, `${what} ${i}`).toBe(shouldBe)
  }
}

/** Whoever looks at the rows' sums and the context alone knows whether anything at all is not finite. */
function expectToldByRows(output: AttentionOutput): void {
  const tensors = [output.queries!, output.keys!, output.values!, output.contextHeads!, output.context]
  const all = [
    ...tensors.map(({ data }) => data.every(Number.isFinite)),
    ...[output.scores!, output.weights!].map((maps) => [...rowsOf(maps)].every((row) => row.every(Number.isFinite))),
    ...rowColumns.map((column) => output.rowStatistics![column].every(Number.isFinite)),
  ]
  const told = output.context.data.every(Number.isFinite) && output.rowSums.sum.every(Number.isFinite)
  expect(all.every(Boolean)).toBe(told)
}

function expectAlike(actual: AttentionOutput, expected: AttentionOutput, tolerance: number): void {
  for (const stage of ['queries', 'keys', 'values', 'contextHeads', 'context'] as const)
    expectNumbers(actual[stage]!.data, expected[stage]!.data, tolerance, stage)
  for (const name of ['scores', 'weights'] as const) {
    const rows = rowsOf(actual[name]!)
    for (const row of rowsOf(expected[name]!)) expectNumbers(rows.next().value!, row, tolerance, name)
  }
  for (const column of rowColumns)
    expectNumbers(
      actual.rowStatistics![column],
      expected.rowStatistics![column],
      tolerance * expected.rowSums.visibility.queries,
      column,
    )
}
