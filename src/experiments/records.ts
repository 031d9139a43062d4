import type { Plan, UnitRow, Value } from './plan.ts'

/** One unit of one arm: which unit, which arm, then the plan's statistics in order. */
export type UnitRecord = readonly [unit: number, arm: string, ...statistics: Value[]]

/** Names of a record's fields; the first is that of the unit. */
export function recordFields(plan: Plan): string[] {
  return [plan.unit.name, 'arm', ...plan.statistics]
}

/** One record a unit and reported arm, unit after unit. */
export function* unitRecords(plan: Plan, rows: readonly UnitRow[]): Generator<UnitRecord> {
  const { arms, reported, statistics } = plan
  for (const { unit, values } of rows) {
    for (const arm of reported) {
      const start = arms.indexOf(arm) * statistics.length
      yield [unit, arm, ...values.slice(start, start + statistics.length)]
    }
  }
}
