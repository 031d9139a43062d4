import type { NotebookRun } from './notebook.ts'
import type { Plan, UnitRow } from './plan.ts'

/** The rows of an experiment by column: one value a unit, NaN where a statistic is not defined. */
export class Sample {
  readonly #plan: Plan
  readonly #rows: readonly UnitRow[]
  readonly #columns: Float64Array[] = []

  constructor(plan: Plan, rows: readonly UnitRow[]) {
    this.#plan = plan
    this.#rows = rows
  }

  /** The study's own run, which the first row has along. */
  get notebook(): NotebookRun {
    return this.#rows[0]!.notebook!
  }

  /** One measure of the null's draws, in no particular order. */
  nullDraws(measure: number): Float64Array {
    return Float64Array.from(this.#rows.flatMap(({ nullDraws = [] }) => nullDraws.map((draw) => draw[measure] ?? NaN)))
  }

  /** An arm's statistic over the units. */
  of(arm: string, statistic: string): Float64Array {
    return this.#column(
      this.#plan.arms.indexOf(arm) * this.#plan.statistics.length + this.#plan.statistics.indexOf(statistic),
    )
  }

  /** The greatest deviation of an invariant over the units, and the greatest scale that rounding went with. */
  invariant(name: string): { deviation: number; scale: number } {
    const at = this.#plan.arms.length * this.#plan.statistics.length + 2 * this.#plan.invariants.indexOf(name)
    const largest = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0)
    return { deviation: largest(this.#column(at)), scale: largest(this.#column(at + 1)) }
  }

  #column(at: number): Float64Array {
    const known = this.#columns[at]
    if (known !== undefined) return known
    const column = new Float64Array(this.#rows.length)
    for (let i = 0; i < column.length; i++) column[i] = this.#rows[i]!.values[at] ?? NaN
    this.#columns[at] = column
    return column
  }
}

/** The values that are there. */
export function defined(values: Float64Array): Float64Array {
  return values.some(Number.isNaN) ? values.filter((value) => !Number.isNaN(value)) : values
}
