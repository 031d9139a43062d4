import { describe, expect, it } from 'vitest'
import { directEngine } from '../../src/engines/direct/index.ts'
import type { BiasConfig } from '../../src/experiments/bias/config.ts'
import type { HeadsConfig } from '../../src/experiments/heads/config.ts'
import { planOf, reportOf } from '../../src/experiments/index.ts'
import type { ExperimentKind } from '../../src/experiments/kinds.ts'
import { runPlan } from '../../src/experiments/run.ts'
import { Sample } from '../../src/experiments/sample.ts'
import { claimForm, claimValues } from '../../src/figures/experiment/claim-form.ts'
import { histogram } from '../../src/figures/histogram.ts'
import { experimentFigure, toPng, toSvg } from '../../src/figures/index.ts'
import { biasConfig, headsConfig } from '../experiments/support.ts'
import { biasReport, headsReport, someSeeds } from './reports.ts'

const engine = directEngine('test')

async function run(kind: ExperimentKind, more: Partial<BiasConfig> | Partial<HeadsConfig> = {}) {
  const seeds = { first: 0, count: 12 }
  const changes = { seeds, ...more }
  const config =
    kind === 'bias' ? biasConfig(changes as Partial<BiasConfig>) : headsConfig(changes as Partial<HeadsConfig>)
  const plan = planOf(config)
  const rows = await runPlan(plan, (problem, wanted) => engine.run(problem, wanted))
  return { report: reportOf(plan, rows, engine), sample: new Sample(plan, rows) }
}

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length

describe.each([
  ['bias', {}],
  ['heads', {}],
  ['heads', { numHeads: [4, 1] }],
  ['heads', { numHeads: [1, 2, 4] }],
] as const)('the figure of a real experiment on %s %j', (name, more) => {
  it("knows every claim: the seeds that it draws have the claim's effect as their mean", async () => {
    const { report, sample } = await run(name, more)
    for (const { id, statistic, effect } of report.claims) {
      const form = claimForm(report, id)
      expect(form?.statistic).toBe(statistic)
      expect(mean(claimValues(form!, sample))).toBeCloseTo(effect!, 12)
    }
    expect(await toSvg(experimentFigure(report, sample))).not.toMatch(/NaN|undefined|>null</)
  })
})

describe('the figure of an experiment', () => {
  it('says every verdict in words and shows 0 beside every effect', async () => {
    const svg = await toSvg(experimentFigure(biasReport, someSeeds(50)))
    for (const words of ['>Refuted: \u201c', '>Supported: \u201c', '>Not distinguishable: \u201c'])
      expect(svg).toContain(words)
    expect(svg.match(/stroke-dasharray="4,3"/g)?.length).toBe(4 + 4 + 2)
  })

  it('is set in one font', async () => {
    const svg = await toSvg(experimentFigure(headsReport, someSeeds(50)))
    expect(new Set(svg.match(/font-family="[^"]*"/g))).toEqual(
      new Set(['font-family="DejaVu Sans, Verdana, Helvetica, sans-serif"']),
    )
  })

  it("puts the null beside the similarity of heads, and the study's own run", async () => {
    const svg = await toSvg(experimentFigure(headsReport))
    for (const words of [
      '>independent heads<',
      '>heads of one model<',
      '>the study\u2019s run<',
      '44 % of the null at or below',
    ])
      expect(svg).toContain(words)
  })

  it("shades a claim's side so that the verdict can be seen", () => {
    const { vconcat } = experimentFigure(headsReport) as unknown as {
      vconcat: { hconcat: { layer: { data?: { values: { from: number; to: number }[] } }[] }[] }[]
    }
    const { from, to } = vconcat[1]!.hconcat[0]!.layer[0]!.data!.values[0]!
    expect(to).toBe(0.05)
    expect(from).toBeLessThan(to)
  })

  it('says that nothing is to be believed when an invariant fails', async () => {
    const broken = { ...biasReport, invariants: [{ ...biasReport.invariants[0]!, holds: false }] }
    expect(await toSvg(experimentFigure(broken))).toContain('rows-sum-to-one. Do not trust this run.')
  })

  it('draws a claim that it has not met', async () => {
    const claims = [{ ...biasReport.claims[0]!, id: 'a-new-claim' }]
    expect(await toSvg(experimentFigure({ ...biasReport, claims }, someSeeds(9)))).toContain('normalized_entropy')
  })

  it('refuses more comparisons than a picture can hold, and draws a lot of them legibly', async () => {
    const many = (count: number) => ({
      ...headsReport,
      comparisons: Array.from({ length: count }, (_, at) => ({ ...headsReport.comparisons[0]!, arm: `heads-${at}` })),
    })
    expect(() => experimentFigure(many(1001))).toThrow(
      expect.objectContaining({ code: 'figure-too-large', extra: { comparisons: 1001, limit_comparisons: 1000 } }),
    )
    const png = await toPng(await toSvg(experimentFigure(many(1000))))
    expect(png.readUInt32BE(16) * png.readUInt32BE(20)).toBeLessThan(16.1e6)
  })

  it('is as large for a hundred thousand seeds as for fifty', () => {
    const size = (count: number) => JSON.stringify(experimentFigure(biasReport, someSeeds(count))).length
    expect(size(100_000)).toBeLessThan(1.2 * size(50))
  })
})

describe('a histogram', () => {
  it('counts every finite value once', () => {
    const bars = histogram(Float64Array.from([0, 1, 2, 3, 4, NaN, Infinity]), 4)
    expect(bars).toEqual([
      { from: 0, to: 1, seeds: 1 },
      { from: 1, to: 2, seeds: 1 },
      { from: 2, to: 3, seeds: 1 },
      { from: 3, to: 4, seeds: 2 },
    ])
  })

  it('has one bar where all values are equal, none where there are none', () => {
    expect(histogram(Float64Array.from([3, 3]))).toMatchObject([{ seeds: 2 }])
    expect(histogram(Float64Array.from([0]))[0]!.to).toBeGreaterThan(0)
    expect(histogram(Float64Array.from([NaN]))).toEqual([])
  })
})
