import { describe, expect, it } from 'vitest'
import { planOf, reportOf } from '../../src/experiments/index.ts'
import { runPlan } from '../../src/experiments/run.ts'
import { Sample } from '../../src/experiments/sample.ts'
import { wireName } from '../../src/encoders/wire-names.ts'
import { configOf, experiment, identity, run, truth } from './support.ts'

const what = ({
  experiment: kind,
  config,
  ...rest
}: {
  experiment: string
  config: object
  pairing?: string
  seed?: number
}): string =>
  `${kind} ${JSON.stringify(config)}${rest.pairing === undefined ? '' : `, ${rest.pairing}, seed ${rest.seed}`}`

describe("a seed's rows are what PyTorch's draws give in float64", () => {
  it.each(truth.rows.map((row) => [what(row), row] as const))('%s', async (_, row) => {
    const plan = planOf(configOf(row, { pairing: row.pairing, seeds: { list: [row.seed] } }))
    const sample = new Sample(plan, await runPlan(plan, run))
    for (const [arm, statistics] of Object.entries(row.arms)) {
      for (const statistic of plan.statistics) {
        const [got, want] = [sample.of(arm, statistic)[0]!, statistics[wireName(statistic)]]
        if (want === null) expect(got, `${arm} ${statistic}`).toBeNaN()
        else expect(Math.abs(got - want!), `${arm} ${statistic}: ${got}, not ${want}`).toBeLessThan(2e-6)
      }
    }
  })
})

/** Two independent simulations differ by this many standard errors once in thousands of comparisons. */
const errors = 4.5

describe('effects and levels come near an independent NumPy simulation', () => {
  it.each(truth.simulations.map((simulation) => [what(simulation), simulation] as const))(
    '%s',
    async (_, simulation) => {
      const seeds = 1500
      const report = await experiment(configOf(simulation, { seeds: { first: 1_000_000, count: seeds } }))
      let compared = 0
      for (const { name, statistics } of report.arms) {
        for (const [statistic, { mean, sd }] of Object.entries(statistics)) {
          const known = simulation.arms[name]?.[wireName(statistic)]
          if (known === undefined) continue
          const allowed = errors * Math.hypot(known[1], sd! / Math.sqrt(seeds)) + 1e-6
          expect(Math.abs(mean! - known[0]), `${name} ${statistic}: ${mean}, not ${known[0]}`).toBeLessThan(allowed)
          compared++
        }
      }
      const first = report.arms[0]!.name
      for (const { arm, baseline, statistic, meanDifference, effectSizeDz } of report.comparisons) {
        const known = simulation.differences[arm]?.[wireName(statistic)]
        if (baseline !== first || known === undefined) continue
        const own =
          effectSizeDz === null || effectSizeDz === 0 ? 0 : Math.abs(meanDifference! / effectSizeDz) / Math.sqrt(seeds)
        expect(
          Math.abs(meanDifference! - known[0]),
          `${arm} - ${baseline} ${statistic}: ${meanDifference}, not ${known[0]}`,
        ).toBeLessThan(errors * Math.hypot(known[1], own) + 1e-6)
        compared++
      }
      expect(compared).toBeGreaterThan(60)
    },
  )

  it('the null of similarity is what heads drawn independently have', async () => {
    const simulation = truth.simulations.find(({ experiment: kind }) => kind === 'heads')!
    const { similarity } = await experiment(configOf(simulation, { seeds: { first: 0, count: 50 } }))
    for (const [measure, { null: found }] of Object.entries(similarity!)) {
      const [mean, error] = simulation.arms['heads-2']![wireName(measure)]!
      expect(found.draws).toBe(1000)
      expect(Math.abs(found.mean! - mean), measure).toBeLessThan(
        errors * Math.hypot(error, found.sd! / Math.sqrt(found.draws)),
      )
      expect(found.percentile).toBeGreaterThan(0.2)
      expect(found.percentile).toBeLessThan(0.8)
    }
  })
})

describe("the study's own run", () => {
  it('is in every report, with the numbers that PyTorch gives', async () => {
    const found = truth.rows.find(
      (row) => row.experiment === 'heads' && row.pairing === 'notebook' && row.seed === 42 && row.config.d_in === 4,
    )!
    const bias = truth.rows.find(
      (row) => row.experiment === 'bias' && row.pairing === 'notebook' && row.seed === 42 && row.config.d_in === 20,
    )!
    for (const kind of ['bias', 'heads'] as const) {
      const plan = planOf(
        configOf(
          { experiment: kind, config: (kind === 'bias' ? bias : found).config },
          { seeds: { first: 7, count: 3 } },
        ),
      )
      const { notebook } = reportOf(plan, await runPlan(plan, run), identity)
      expect(notebook.headCorrelation).toBeCloseTo(0.9567, 4)
      expect(notebook.contextDifference).toBeCloseTo(found.arms['heads-4']!.context_difference!, 5)
      expect(notebook.contextDifferenceWholeBatch).toBeCloseTo(0.0739, 4)
      for (const [arms, told] of [
        [notebook.bias, bias.arms],
        [notebook.heads, found.arms],
      ] as const) {
        for (const [arm, statistics] of Object.entries(arms)) {
          for (const name of ['entropy', 'normalizedEntropy', 'maxWeight', 'distance', 'klFromUniform'] as const)
            expect(statistics[name]).toBeCloseTo(told[arm]![wireName(name)]!, 5)
        }
      }
      expect(notebook.bias.qkv.contextRange).toBeCloseTo(bias.arms.qkv!.context_range!, 5)
      expect(notebook.headCorrelationPercentile === null).toBe(kind === 'bias')
    }
  })

  it('lies in the middle of what chance gives', async () => {
    const { notebook } = await experiment(configOf(truth.simulations[2]!, { seeds: { first: 0, count: 10 } }))
    expect(notebook.headCorrelationPercentile).toBeGreaterThan(0.35)
    expect(notebook.headCorrelationPercentile).toBeLessThan(0.65)
  })
})
