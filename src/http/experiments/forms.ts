import type { Readable } from 'node:stream'
import { encodeExperimentCsv, encodeExperimentJson } from '../../encoders/experiment.ts'
import type { ExperimentReturn } from '../../encoders/experiment.ts'
import type { EngineIdentity } from '../../engines/engine.ts'
import { reportOf } from '../../experiments/index.ts'
import type { Plan, UnitRow } from '../../experiments/plan.ts'
import { Sample } from '../../experiments/sample.ts'
import { experimentFigure, toPng, toSvg } from '../../figures/index.ts'
import type { ExperimentForm } from './form-names.ts'

export { experimentForms } from './form-names.ts'
export type { ExperimentForm } from './form-names.ts'

/** The rows of all seeds as an answer. The same rows give the same bytes. */
export async function encodeExperiment(
  plan: Plan,
  rows: readonly UnitRow[],
  engine: EngineIdentity,
  form: ExperimentForm,
  returns: ReadonlySet<ExperimentReturn>,
): Promise<Buffer | Readable> {
  if (form === 'csv') return encodeExperimentCsv(plan, rows)
  const report = reportOf(plan, rows, engine)
  if (form === 'json') return encodeExperimentJson(plan, rows, report, returns)
  const spec = experimentFigure(report, new Sample(plan, rows))
  if (form === 'vegalite') return Buffer.from(JSON.stringify(spec))
  const svg = await toSvg(spec)
  return form === 'svg' ? Buffer.from(svg) : toPng(svg)
}
