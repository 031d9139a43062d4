import { describe, expect, it } from 'vitest'
import { estimateMean } from '../../src/statistics/intervals.ts'
import { moments } from '../../src/statistics/moments.ts'
import { comparePaired, pairedDifferences } from '../../src/statistics/paired.ts'
import { seedsForPower } from '../../src/statistics/power.ts'

const sample = [1.2, 2.1, 2.6, 3, 3.3, 3.9, 4.9]
const resolution = 1e-6

describe('the interval of a mean', () => {
  // scipy.stats.t.interval(confidence, 6, mean, sem)
  it.each([
    [0.5, 2.673042934452887, 3.326957065547113],
    [0.9, 2.1145853737677944, 3.8854146262322047],
    [0.95, 1.885058908929361, 4.114941091070639],
    [0.999, 0.2848515124103135, 5.715148487589744],
  ])("is Student's at %d", (confidence, low, high) => {
    const estimate = estimateMean(sample, confidence)
    expect(estimate).toMatchObject({ count: 7, method: 't' })
    expect(estimate.mean).toBeCloseTo(3, 12)
    expect(estimate.sd).toBeCloseTo(1.2055427546683417, 12)
    expect(estimate.interval![0]).toBeCloseTo(low, 9)
    expect(estimate.interval![1]).toBeCloseTo(high, 9)
  })

  it('is undefined below two values, and is the value itself where nothing varies', () => {
    expect(estimateMean([], 0.95)).toEqual({ count: 0, mean: null, sd: null, interval: null, method: null })
    expect(estimateMean([3], 0.95)).toEqual({ count: 1, mean: 3, sd: null, interval: null, method: null })
    expect(estimateMean([3, 3, 3, 3, 3, 3], 0.95)).toEqual({ count: 6, mean: 3, sd: 0, interval: [3, 3], method: 't' })
  })

  it('is a bootstrap-t where the sample is too skewed for its size, the same for the same seed', () => {
    const skewed = [0, 0.1, 0.05, 0.2, 0.15, 0.02, 0.3, 0.1, 9]
    const first = estimateMean(skewed, 0.95, 7)
    expect(first.method).toBe('bootstrap-t')
    expect(estimateMean(skewed, 0.95, 7)).toEqual(first)
    expect(estimateMean(skewed, 0.95, 8).interval).not.toEqual(first.interval)
    const { mean } = moments(skewed)
    const [low, high] = first.interval!
    expect(low).toBeLessThan(mean)
    expect(high - mean).toBeGreaterThan(2 * (mean - low)) // it reaches to where the long tail is
    expect(estimateMean(skewed.slice(5), 0.95).method).toBe('t') // of four values there is nothing to resample
  })

  it('moves and scales with the values, either way it is made', () => {
    for (const values of [sample, [0, 0.1, 0.05, 0.2, 0.15, 0.02, 0.3, 0.1, 9]]) {
      const { interval, method } = estimateMean(values, 0.9)
      const moved = estimateMean(
        values.map((value) => 100 + 4 * value),
        0.9,
      )
      expect(moved.method).toBe(method)
      moved.interval!.forEach((end, i) => expect(end).toBeCloseTo(100 + 4 * interval![i]!, 8))
    }
  })
})

describe('the seeds for 80 % power', () => {
  // The least n whose noncentral t has 80 % beyond the critical value (scipy.stats.nct).
  it.each([
    [0.95, 3, 4],
    [0.95, 1.5, 6],
    [0.95, 1, 10],
    [0.95, 0.75, 16],
    [0.95, 0.5, 34],
    [0.95, 0.3, 90],
    [0.95, 0.2, 199],
    [0.95, 0.1, 787],
    [0.95, 0.05, 3142],
  ])('at %d and d_z %d are %d', (confidence, effectSize, seeds) => {
    expect(seedsForPower(effectSize, confidence)).toBe(seeds)
    expect(seedsForPower(-effectSize, confidence)).toBe(seeds)
  })

  it.each([
    [0.9, 3, 3],
    [0.9, 1.5, 5],
    [0.9, 1, 8],
    [0.9, 0.75, 13],
    [0.9, 0.5, 27],
    [0.9, 0.3, 71],
    [0.9, 0.2, 156],
    [0.9, 0.1, 620],
    [0.99, 3, 5],
    [0.99, 1.5, 9],
    [0.99, 1, 16],
    [0.99, 0.75, 25],
    [0.99, 0.5, 51],
    [0.99, 0.3, 134],
    [0.99, 0.2, 296],
    [0.99, 0.1, 1172],
  ])('at %d and d_z %d are %d, give or take one', (confidence, effectSize, seeds) => {
    expect(Math.abs(seedsForPower(effectSize, confidence)! - seeds)).toBeLessThanOrEqual(1)
  })

  it('are null where there is no effect', () => {
    for (const none of [0, NaN, Infinity]) expect(seedsForPower(none, 0.95)).toBeNull()
  })

  it('grow as the effect shrinks, to any size', () => {
    expect(seedsForPower(1e-6, 0.95)).toBeCloseTo(7.849e12, -10)
    expect(seedsForPower(1e-12, 0.95)).toBeNull()
  })
})

describe('a paired comparison', () => {
  it('leaves out seeds where either value is missing', () => {
    expect(Array.from(pairedDifferences(Float64Array.of(3, NaN, 5, 1), Float64Array.of(1, 1, NaN, 2)))).toEqual([2, -1])
  })

  it('has d_z, the share above 0 and the seeds it takes', () => {
    const differences = Float64Array.of(0.5, 1.5, 1, -0.5, 2, 1.5)
    const { mean, sd } = moments(differences)
    expect(comparePaired(differences, 0.95, resolution)).toMatchObject({
      mean,
      sd,
      effectSize: mean / sd,
      sharePositive: 5 / 6,
      seedsFor80PercentPower: seedsForPower(mean / sd, 0.95),
      equalUpToRounding: false,
    })
  })

  it('does not take rounding for an effect, however regular it is', () => {
    const rounding = Float64Array.from({ length: 50 }, (_, i) => 3e-8 + 1e-9 * (i % 3))
    const compared = comparePaired(rounding, 0.95, resolution)
    expect(compared.interval![0]).toBeGreaterThan(0)
    expect(compared).toMatchObject({
      equalUpToRounding: true,
      effectSize: null,
      sharePositive: null,
      seedsFor80PercentPower: null,
    })
  })

  it('says nothing of no seeds', () => {
    expect(comparePaired(new Float64Array(0), 0.95, resolution)).toEqual({
      count: 0,
      mean: null,
      sd: null,
      interval: null,
      method: null,
      effectSize: null,
      sharePositive: null,
      seedsFor80PercentPower: null,
      equalUpToRounding: false,
    })
  })
})
