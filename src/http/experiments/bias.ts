import { Type } from '@sinclair/typebox'
import { armNames, biasDefaults } from '../../experiments/bias/config.ts'
import type { BiasConfig } from '../../experiments/bias/config.ts'
import { strict } from '../schemas/common.ts'
import { experimentBody, InputBody, modelFields, names } from './bodies.ts'
import type { HttpExperiment } from './http-experiment.ts'
import { readCommon } from './read-common.ts'

export const bias: HttpExperiment<BiasConfig> = {
  operationId: 'postBiasExperiment',
  summary: 'Does a QKV bias make attention more uniform?',
  body: experimentBody(
    Type.Object(modelFields(biasDefaults), strict),
    InputBody(biasDefaults.input, 'BiasRandomInput'),
    {
      arms: Type.Optional(
        Type.Array(names(armNames), {
          minItems: 1,
          maxItems: armNames.length,
          uniqueItems: true,
          default: armNames,
          description: 'Which projections have a bias. The claims compare qkv with none, whatever is listed.',
        }),
      ),
    },
    'BiasExperimentRequest',
  ),
  read: (body) => ({ experiment: 'bias', ...readCommon(body, biasDefaults), arms: body.arms ?? biasDefaults.arms }),
}
