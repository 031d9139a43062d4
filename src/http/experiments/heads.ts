import { Type } from '@sinclair/typebox'
import { invalid } from '../../errors.ts'
import { headsDefaults } from '../../experiments/heads/config.ts'
import type { HeadsConfig } from '../../experiments/heads/config.ts'
import { maxLength, strict } from '../schemas/common.ts'
import { experimentBody, InputBody, modelFields } from './bodies.ts'
import type { HttpExperiment } from './http-experiment.ts'
import { readCommon } from './read-common.ts'

const maxArmCount = 16

export const heads: HttpExperiment<HeadsConfig> = {
  operationId: 'postHeadsExperiment',
  summary: 'Do more heads help, and are heads redundant?',
  body: experimentBody(
    Type.Object(
      {
        ...modelFields(headsDefaults),
        num_heads: Type.Optional(
          Type.Array(Type.Integer({ minimum: 1, maximum: maxLength }), {
            minItems: 2,
            maxItems: maxArmCount,
            uniqueItems: true,
            default: headsDefaults.numHeads,
            description:
              'Numbers of heads to compare, each a divisor of d_out; the claims compare the first with the last.',
          }),
        ),
      },
      strict,
    ),
    InputBody(headsDefaults.input, 'HeadsRandomInput'),
    {},
    'HeadsExperimentRequest',
  ),
  read(body) {
    const common = readCommon(body, headsDefaults)
    const numHeads = body.model?.num_heads ?? headsDefaults.numHeads
    numHeads.forEach((heads, i) => {
      if (common.dOut % heads !== 0) throw invalid(`/model/num_heads/${i}`, `must divide d_out, ${common.dOut}`)
    })
    return { experiment: 'heads', ...common, numHeads }
  },
}
