import type { TSchema } from '@sinclair/typebox'
import type { ExperimentConfig } from '../../experiments/config.ts'
import type { ExperimentBody } from './bodies.ts'

/** An experiment as HTTP knows it. */
export interface HttpExperiment<Config extends ExperimentConfig = ExperimentConfig> {
  readonly operationId: string
  readonly summary: string
  readonly body: TSchema
  /** A body that Ajv has passed, with every default filled in. Throws a 400 that names the place. */
  read(body: ExperimentBody): Config
}
