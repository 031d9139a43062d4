import { readFileSync } from 'node:fs'
import { directEngine } from '../../src/engines/direct/index.ts'
import { biasDefaults } from '../../src/experiments/bias/config.ts'
import type { BiasConfig } from '../../src/experiments/bias/config.ts'
import { defaults } from '../../src/experiments/config.ts'
import type { ExperimentConfig } from '../../src/experiments/config.ts'
import { headsDefaults } from '../../src/experiments/heads/config.ts'
import type { HeadsConfig } from '../../src/experiments/heads/config.ts'
import { planOf, reportOf } from '../../src/experiments/index.ts'
import type { Run } from '../../src/experiments/plan.ts'
import type { Claim, Comparison, Report } from '../../src/experiments/report.ts'
import { runPlan } from '../../src/experiments/run.ts'

export const identity = { name: 'direct', device: 'cpu', version: 'test' } as const
const engine = directEngine(identity.version)
export const run: Run = (problem, wanted) => engine.run(problem, wanted)

const common = {
  seeds: defaults.seeds,
  pairing: 'parameters',
  confidence: 0.95,
  margin: 0.05,
  engine: undefined,
} as const

/** The study's configuration with changes. */
export function biasConfig(changes: Partial<BiasConfig> = {}): BiasConfig {
  return { experiment: 'bias', ...biasDefaults, ...common, ...changes }
}

export function headsConfig(changes: Partial<HeadsConfig> = {}): HeadsConfig {
  return { experiment: 'heads', ...headsDefaults, ...common, ...changes }
}

export async function experiment(config: ExperimentConfig): Promise<Report> {
  const plan = planOf(config)
  return reportOf(plan, await runPlan(plan, run), identity)
}

export function claimOf(report: Report, id: string): Claim {
  return report.claims.find((claim) => claim.id === id)!
}

export function comparisonOf(report: Report, arm: string, baseline: string, statistic: string): Comparison {
  return report.comparisons.find(
    (comparison) => comparison.arm === arm && comparison.baseline === baseline && comparison.statistic === statistic,
  )!
}

type Estimates = Record<string, Record<string, [mean: number, standardError: number]>>
interface Truth {
  seeds: number
  simulations: {
    experiment: 'bias' | 'heads'
    config: Record<string, number & number[]>
    arms: Estimates
    differences: Estimates
  }[]
  rows: {
    experiment: 'bias' | 'heads'
    pairing: 'parameters' | 'notebook'
    config: Record<string, number & number[]>
    seed: number
    arms: Record<string, Record<string, number | null>>
  }[]
}

/** What test/truth/experiments.py found without the service. */
export const truth = JSON.parse(readFileSync(new URL('../truth/experiments.json', import.meta.url), 'utf8')) as Truth

/** A configuration of the truth as ours. */
export function configOf(
  { experiment: kind, config }: { experiment: 'bias' | 'heads'; config: Record<string, number & number[]> },
  changes: Partial<BiasConfig> & Partial<HeadsConfig> = {},
): ExperimentConfig {
  const { d_in, d_out, batch, seq_len, num_heads } = config
  const sizes = { dIn: d_in!, dOut: d_out!, input: { batch: batch!, seqLen: seq_len! } }
  const { experiment: _, ...rest } = changes
  return kind === 'bias'
    ? biasConfig({ ...sizes, ...(rest as Partial<BiasConfig>) })
    : headsConfig({ ...sizes, numHeads: num_heads!, ...(rest as Partial<HeadsConfig>) })
}
