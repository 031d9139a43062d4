import { beforeAll, describe, expect, it } from 'vitest'
import type { Comparison, Report } from '../../src/experiments/report.ts'
import { tensor } from '../../src/tensor/tensor.ts'
import { biasConfig, claimOf, comparisonOf, experiment, headsConfig } from './support.ts'

describe("the study's configuration, 400 seeds", () => {
  let bias: Report
  let heads: Report
  beforeAll(async () => {
    bias = await experiment(biasConfig())
    heads = await experiment(headsConfig())
  })

  it('has the verdicts that the evidence gives', () => {
    const verdicts = (report: Report): Record<string, string> =>
      Object.fromEntries(report.claims.map(({ id, verdict }) => [id, verdict]))
    expect(verdicts(bias)).toEqual({
      'bias-more-uniform': 'refuted',
      'no-bias-sharper-peaks': 'refuted',
      'bias-wider-context': 'supported',
      'bias-content-independent-prior': 'refuted',
    })
    expect(verdicts(heads)).toEqual({
      'heads-redundant': 'refuted',
      'contexts-identical': 'refuted',
      'more-heads-no-better': 'supported',
      'small-head-dim-limits': 'supported',
    })
  })

  it('comes near the known effects', () => {
    const near = (value: number | null, known: number, halfWidth: number): void =>
      expect(Math.abs(value! - known)).toBeLessThan(halfWidth * Math.sqrt(10) * 1.5 + halfWidth)
    near(claimOf(bias, 'bias-more-uniform').effect, -0.0013, 0.00005)
    near(claimOf(bias, 'no-bias-sharper-peaks').effect, -0.00215, 0.0001)
    near(claimOf(bias, 'bias-wider-context').effect, 0.062, 0.002)
    near(claimOf(heads, 'contexts-identical').effect, 0.112, 0.002)
    near(claimOf(heads, 'more-heads-no-better').effect, -0.0013, 0.0003)
    near(claimOf(heads, 'small-head-dim-limits').effect, 0.67, 0.004)
    near(heads.similarity!.pearson!.null.mean, 0.938, 0.001)
    const entropy = comparisonOf(bias, 'qkv', 'none', 'normalizedEntropy')
    expect(entropy.effectSizeDz).toBeCloseTo(-0.75, 1)
    expect(entropy.sharePositive).toBeCloseTo(0.21, 1)
    expect(Math.abs(entropy.seedsFor80PercentPower! - 16)).toBeLessThanOrEqual(3)
  })

  it('shows every invariant holding', () => {
    expect(bias.invariants.map(({ id }) => id)).toEqual([
      'key-bias-leaves-weights',
      'value-bias-shifts-context',
      'zero-input-is-uniform',
      'rows-sum-to-one',
      'no-future-weight',
    ])
    expect(heads.invariants.map(({ id }) => id)).toEqual([
      'zero-input-is-uniform',
      'rows-sum-to-one',
      'no-future-weight',
    ])
    for (const { id, holds, maxDeviation, tolerance } of [...bias.invariants, ...heads.invariants]) {
      expect(holds, id).toBe(true)
      expect(maxDeviation, id).toBeLessThanOrEqual(tolerance)
      expect(tolerance, id).toBeLessThan(1e-5)
    }
    // Something was measured: float32 leaves a trace of the shifts.
    expect(bias.invariants[1]!.maxDeviation).toBeGreaterThan(0)
  })

  it('tells rounding from effects: the key bias does nothing, the value bias nothing to the weights', () => {
    for (const arm of ['k', 'v']) {
      expect(comparisonOf(bias, arm, 'none', 'normalizedEntropy')).toMatchObject({
        equalUpToRounding: true,
        effectSizeDz: null,
        seedsFor80PercentPower: null,
      })
    }
    expect(comparisonOf(bias, 'v', 'none', 'contextRange').equalUpToRounding).toBe(false)
    expect(comparisonOf(bias, 'q', 'none', 'normalizedEntropy').meanDifference).toBeCloseTo(
      comparisonOf(bias, 'qkv', 'none', 'normalizedEntropy').meanDifference!,
      6,
    )
  })

  it('has the 2 x 2: heads at fixed d_out and at fixed head_dim', () => {
    expect(heads.arms.map(({ name }) => name)).toEqual(['heads-2', 'heads-4', 'heads-4-head-dim-2'])
    const pairs = [...new Set(heads.comparisons.map(({ arm, baseline }) => `${arm} ${baseline}`))]
    expect(pairs).toEqual(['heads-4 heads-2', 'heads-4-head-dim-2 heads-2', 'heads-4-head-dim-2 heads-4'])
    // What the study blames on heads goes away when head_dim is kept.
    expect(comparisonOf(heads, 'heads-4-head-dim-2', 'heads-2', 'maxWeight').confidenceInterval![0]).toBeLessThan(0)
    expect(comparisonOf(heads, 'heads-4-head-dim-2', 'heads-2', 'maxWeight').confidenceInterval![1]).toBeGreaterThan(0)
    expect(comparisonOf(heads, 'heads-4', 'heads-2', 'maxWeight').confidenceInterval![1]).toBeLessThan(0)
  })

  it('says in one plain sentence what was found, and cautions', () => {
    for (const { evidence, statement } of [...bias.claims, ...heads.claims]) {
      expect(statement).toMatch(/^[A-Z0-9].*\.$/)
      expect(evidence).toMatch(/^[A-Z].*\.$/)
      expect(evidence).not.toMatch(/\. [A-Z(]/)
      expect(evidence).toMatch(/\d/)
      expect(evidence).not.toMatch(/NaN|undefined|null |Infinity/)
    }
    expect(claimOf(heads, 'heads-redundant').evidence).toContain('0.957')
    for (const report of [bias, heads]) {
      expect(report.cautions.join(' ')).toMatch(
        /initialisation, not learning.*not explanation \(Jain and Wallace 2019; Wiegreffe and Pinter 2019\)/,
      )
    }
  })
})

describe('what cannot be told is not told', () => {
  it('from one seed: no interval, no verdict', async () => {
    for (const config of [biasConfig({ seeds: { list: [42] } }), headsConfig({ seeds: { list: [42] } })]) {
      const report = await experiment(config)
      for (const { id, verdict, confidenceInterval, evidence } of report.claims) {
        expect(confidenceInterval, id).toBeNull()
        expect(evidence).not.toMatch(/NaN|undefined/)
        // The algebra needs no seeds: an input of zeros is uniform whatever the weights are.
        expect(verdict, id).toBe(id === 'bias-content-independent-prior' ? 'refuted' : 'not_distinguishable')
      }
      expect(report.cautions.some((caution) => caution.startsWith('One seed'))).toBe(true)
    }
  })

  it('at a sequence length of 1: every statistic of the weights is null', async () => {
    for (const config of [
      biasConfig({ input: { batch: 2, seqLen: 1 }, seeds: { first: 0, count: 5 } }),
      headsConfig({ input: { batch: 2, seqLen: 1 }, seeds: { first: 0, count: 5 } }),
    ]) {
      const report = await experiment(config)
      for (const { statistics } of report.arms)
        expect(statistics.normalizedEntropy).toEqual({ mean: null, sd: null, confidenceInterval: null, method: null })
      const first = report.claims[0]!
      expect(first).toMatchObject({ verdict: 'not_distinguishable', effect: null, confidenceInterval: null })
      expect(first.evidence).toContain('sequence length of 1')
      expect(report.cautions.join(' ')).toContain('sequence length of 1')
      expect(JSON.stringify(report)).not.toContain('NaN')
    }
  })

  it('on an input of zeros: all arms are equal, and rounding is no verdict', async () => {
    const zeros = { values: tensor([2, 6, 4], new Float32Array(48)) }
    const report = await experiment(biasConfig({ dIn: 4, dOut: 4, input: zeros, seeds: { first: 0, count: 40 } }))
    expect(claimOf(report, 'bias-more-uniform').verdict).toBe('not_distinguishable')
    expect(claimOf(report, 'no-bias-sharper-peaks').verdict).toBe('not_distinguishable')
    expect(claimOf(report, 'bias-content-independent-prior').verdict).toBe('refuted')
    const heads = await experiment(headsConfig({ input: zeros, seeds: { first: 0, count: 40 } }))
    expect(claimOf(heads, 'heads-redundant')).toMatchObject({ verdict: 'not_distinguishable', effect: null })
    expect(heads.similarity!.rowCenteredPearson!.mean).toBeNull()
  })

  it('at an input of a million: the invariants allow for its rounding, and still hold', async () => {
    const large = tensor(
      [1, 5, 4],
      Float32Array.from({ length: 20 }, (_, i) => 1e6 * Math.sin(7 * i + 1)),
    )
    const report = await experiment(
      biasConfig({ dIn: 4, dOut: 4, input: { values: large }, seeds: { first: 0, count: 20 } }),
    )
    for (const { id, holds } of report.invariants) expect(holds, id).toBe(true)
  })
})

describe('a configuration', () => {
  it('judges the claims whatever arms are listed, and reports those listed', async () => {
    const seeds = { first: 0, count: 20 }
    const all = await experiment(biasConfig({ seeds }))
    const some = await experiment(biasConfig({ seeds, arms: ['v', 'none'] }))
    expect(some.arms.map(({ name }) => name)).toEqual(['v', 'none'])
    expect([...new Set(some.comparisons.map(({ arm }) => arm))]).toEqual(['v'])
    for (const { id, effect } of all.claims) expect(claimOf(some, id).effect, id).toBeCloseTo(effect!, 7)
  })

  it('takes any list of heads, one head among them, in any order', async () => {
    const report = await experiment(headsConfig({ dOut: 12, numHeads: [1, 6, 3], seeds: { first: 0, count: 30 } }))
    expect(report.arms.map(({ name }) => name)).toEqual([
      'heads-1',
      'heads-6',
      'heads-3',
      'heads-6-head-dim-12',
      'heads-3-head-dim-12',
    ])
    expect(report.arms[0]!.statistics.pearson!.mean).toBeNull()
    expect(report.similarity!.pearson!.null.draws).toBe(1000)
    expect(claimOf(report, 'heads-redundant').statement).toContain('6 heads')
    expect(claimOf(report, 'more-heads-no-better').statement).toBe(
      '3 heads of head_dim 4 are no better than 1 head of head_dim 12.',
    )
    const other = await experiment(headsConfig({ dOut: 12, numHeads: [3, 1], seeds: { first: 0, count: 30 } }))
    expect(claimOf(other, 'more-heads-no-better').effect).toBe(claimOf(report, 'more-heads-no-better').effect)
    expect(claimOf(other, 'small-head-dim-limits').effect).toBe(claimOf(report, 'small-head-dim-limits').effect)
  })

  it('with given values: every seed gets them, and the report says so', async () => {
    const values = tensor(
      [1, 4, 3],
      Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)),
    )
    const report = await experiment(headsConfig({ dIn: 3, input: { values }, seeds: { first: 0, count: 30 } }))
    expect(report.config.input).toEqual({ values: { shape: [1, 4, 3] } })
    expect(report.cautions.join(' ')).toContain('held fixed')
    expect(report.notebook.headCorrelationPercentile).toBeNull()
  })

  it('with the pairing of the study: more noise, and a caution about what else differs', async () => {
    const seeds = { first: 0, count: 300 }
    const paired = comparisonOf(await experiment(biasConfig({ seeds })), 'qkv', 'none', 'normalizedEntropy')
    const report = await experiment(biasConfig({ seeds, pairing: 'notebook' }))
    const unpaired = comparisonOf(report, 'qkv', 'none', 'normalizedEntropy')
    const width = ({ confidenceInterval }: Comparison): number => confidenceInterval![1] - confidenceInterval![0]
    expect(width(unpaired)).toBeGreaterThan(3 * width(paired))
    expect(report.cautions.join(' ')).toContain('only W_query is the same')
    for (const { id, holds } of report.invariants) expect(holds, id).toBe(true)
  })

  it('is wider in its intervals for more confidence, and judges by its margin', async () => {
    const seeds = { first: 0, count: 100 }
    const usual = await experiment(headsConfig({ seeds }))
    const wide = await experiment(headsConfig({ seeds, confidence: 0.99, margin: 0.2 }))
    const [a, b] = [usual, wide].map((report) => claimOf(report, 'contexts-identical').confidenceInterval!)
    expect(b![0]).toBeLessThan(a![0])
    expect(b![1]).toBeGreaterThan(a![1])
    expect(claimOf(usual, 'contexts-identical').verdict).toBe('refuted')
    expect(claimOf(wide, 'contexts-identical').verdict).toBe('supported')
  })
})
