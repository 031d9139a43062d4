import type { Plan, SeedRow, Value } from './plan.ts'

/** One seed of one arm: seed, arm, then the plan's statistics in order. */
export type SeedRecord = readonly [seed: number, arm: string, ...statistics: Value[]]

/** Names of a record's fields. */
export function recordFields(plan: Plan): string[] {
  return ['seed', 'arm', ...plan.statistics]
}

/** One record a seed and reported arm, seed after seed. */
export function* seedRecords(plan: Plan, rows: readonly SeedRow[]): Generator<SeedRecord> {
  const { config, statistics } = plan
  const arms = config.experiment === 'bias' ? config.arms : plan.arms
  for (const row of rows) {
    for (const arm of arms) {
      const start = plan.arms.indexOf(arm) * statistics.length
      yield [row.seed, arm, ...row.values.slice(start, start + statistics.length)]
    }
  }
}
