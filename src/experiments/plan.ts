import type { AttentionOutput, Wanted } from '../engines/engine.ts'
import type { ProblemOutline } from '../problem/outline.ts'
import type { AttentionProblem } from '../problem/problem.ts'
import type { ExperimentConfig } from './config.ts'
import type { NotebookRun } from './notebook.ts'
import type { Unit } from './unit.ts'

/** Solves one problem: what an experiment is handed. It knows no engine, pool or network. */
export type Run = (problem: AttentionProblem, wanted: Wanted) => Promise<AttentionOutput>

/** A number, or null where a statistic is not defined. */
export type Value = number | null

/**
 * What one unit came to: plain data that JSON carries exactly, so that a row may be computed by another process and
 * stored. `values` are every arm's statistics, arm after arm, then a deviation and a scale for each invariant.
 */
export interface UnitRow {
  /** The seed, or which of the texts. */
  readonly unit: number
  readonly values: readonly Value[]
  /** The draws of the similarity null that were made along with this unit. */
  readonly nullDraws?: readonly (readonly Value[])[]
  /** The study's own run, made along with the first unit. */
  readonly notebook?: NotebookRun
}

/** What a problem is like, and how often it is run. */
export interface PlannedRun {
  readonly times: number
  readonly outline: ProblemOutline
  /** Operations on its maps beside the forward pass: similarity, singular values. */
  readonly extra: number
}

/**
 * Everything that is known before the first unit runs. Rows depend on the plan and the unit alone, not on what ran
 * before.
 */
export interface Plan<Config extends ExperimentConfig = ExperimentConfig> {
  readonly config: Config
  readonly unit: Unit
  /** How many there are. */
  readonly units: number
  /** Every arm that is run, in the order of a row's values. */
  readonly arms: readonly string[]
  /** The arms that rows and report show. */
  readonly reported: readonly string[]
  /** Of each arm. */
  readonly statistics: readonly string[]
  readonly invariants: readonly string[]
  /** What one unit runs. */
  readonly unitRuns: readonly PlannedRun[]
  /** What is run once, whatever the number of units. */
  readonly fixedRuns: readonly PlannedRun[]
  /** The row of the unit at `position`. */
  runUnit(position: number, run: Run): Promise<UnitRow>
}

/** What JSON has a word for. */
export function valueOf(number: number): Value {
  return Number.isFinite(number) ? number + 0 : null // + 0: JSON has no -0
}
