import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contextStatistics, plainContextStatistics } from '../../src/statistics/context-statistics.ts'
import type { ContextStatistics } from '../../src/statistics/context-statistics.ts'
import { tensor } from '../../src/tensor/tensor.ts'

/** More than one window of the kernel's memory in most cases, rows that lie across two windows or more. */
const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3000 })),
  fc.tuple(fc.integer({ min: 1, max: 20000 }), fc.integer({ min: 1, max: 9 })),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 8000, max: 20000 })),
)

const smallest = 2 ** -149

/** What a value is, given three uniforms of [-1, 1). */
const kinds: Record<string, (a: number, b: number, c: number) => number> = {
  'of ordinary size': (a) => a,
  'of a large offset and a tiny spread': (a) => 1e7 + a,
  'of any size': (a, b) => a * 2 ** (120 * b),
  'of which a few are huge': (a, b) => (b > 0.99 ? 3e38 * a : a),
  subnormal: (a) => smallest * Math.round(100 * a),
  'zeros of both signs': (a) => (a < 0 ? -0 : 0),
}

function drawn(
  rows: number,
  width: number,
  seed: number,
  value: (a: number, b: number, c: number) => number,
): Float32Array {
  let state = ((seed >>> 1) % 2147483646) + 1
  const random = (): number => (state = (state * 48271) % 2147483647) / 1073741823.5 - 1
  return Float32Array.from({ length: rows * width }, () => value(random(), random(), random()))
}

/**
 * Equal, zeros of either sign alike, or within what the plain loops lose: a rounding of 2^-53 with each of 10^5 terms.
 */
function near(got: number, want: number, scale: number): boolean {
  return got === want || (Number.isNaN(got) && Number.isNaN(want)) || Math.abs(got - want) <= 1e-11 * scale
}

function expectSame(got: ContextStatistics, want: ContextStatistics): void {
  const { min, max, std, normMean } = want
  const same =
    got.min === min &&
    got.max === max &&
    got.finite === want.finite &&
    near(got.mean, want.mean, Math.max(Math.abs(min), Math.abs(max))) &&
    near(got.std, std, std) &&
    near(got.normMean, normMean, normMean)
  expect(same, `${JSON.stringify(got)}, not ${JSON.stringify(want)}`).toBe(true)
}

describe("a context's statistics by the kernel are those of the plain loops", () => {
  it.each(Object.entries(kinds))('for values %s', (_, value) => {
    fc.assert(
      fc.property(shapes, fc.integer(), ([rows, width], seed) => {
        const context = tensor([rows, width], drawn(rows, width, seed, value))
        expectSame(contextStatistics(context), plainContextStatistics(context))
      }),
      { numRuns: 40 },
    )
  })

  it('where some are NaN or infinite', () => {
    const specials = fc.array(fc.tuple(fc.nat(), fc.constantFrom(NaN, Infinity, -Infinity)), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(shapes, fc.integer(), specials, ([rows, width], seed, places) => {
        const context = tensor([rows, width], drawn(rows, width, seed, kinds['of ordinary size']!))
        for (const [place, value] of places) context.data[place % context.data.length] = value
        expectSame(contextStatistics(context), plainContextStatistics(context))
        expect(contextStatistics(context).finite).toBe(false)
      }),
      { numRuns: 40 },
    )
  })

  it.each([[0.5], [-0], [NaN], [Infinity], [-Infinity], [smallest]])('for the one value %d', (value) => {
    const context = tensor([1, 1, 1], Float32Array.of(value))
    expectSame(contextStatistics(context), plainContextStatistics(context))
  })

  it('for nothing but NaN', () => {
    const context = tensor([3, 5], new Float32Array(15).fill(NaN))
    expectSame(contextStatistics(context), plainContextStatistics(context))
  })
})

it('a context of one value throughout has no deviation, and the greatest float32 does not overflow', () => {
  for (const value of [0.1, 16777215, (2 - 2 ** -23) * 2 ** 127]) {
    const data = new Float32Array(20000).fill(value)
    expect(contextStatistics(tensor([2000, 10], data))).toMatchObject({
      min: data[0],
      max: data[0],
      mean: data[0],
      std: 0,
      finite: true,
    })
  }
})

it('a small spread about a large offset is not lost between windows', () => {
  // 2^24 and its neighbours two below and two above, in equal parts: the standard deviation is that of -2, 0, 2.
  const data = Float32Array.from({ length: 60000 }, (_, i) => 2 ** 24 - 4 + 2 * (i % 3))
  expect(contextStatistics(tensor([600, 100], data)).std).toBeCloseTo(Math.sqrt(8 / 3), 12)
})
