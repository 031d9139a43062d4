import type { ExperimentReturn } from '../../encoders/experiment.ts'
import type { ExperimentConfig } from '../../experiments/config.ts'
import type { ExperimentKind } from '../../experiments/kinds.ts'
import { bias } from './bias.ts'
import type { ExperimentBody } from './bodies.ts'
import { heads } from './heads.ts'
import type { HttpExperiment } from './http-experiment.ts'

/** The schema and the reader of every experiment. */
export const httpExperiments: Readonly<Record<ExperimentKind, HttpExperiment>> = { bias, heads }

/** An experiment, and what its answer should hold. */
export interface ExperimentRequest {
  readonly config: ExperimentConfig
  readonly returns: ReadonlySet<ExperimentReturn>
}

/** A body that Ajv has passed, with every default filled in. Throws a 400 that names the place. */
export function readExperimentRequest(kind: ExperimentKind, body: ExperimentBody): ExperimentRequest {
  return { config: httpExperiments[kind].read(body), returns: new Set(body.return ?? ['report']) }
}
