import { Type } from '@sinclair/typebox'
import type { ExperimentKind } from '../../experiments/kinds.ts'
import { mediaTypes } from '../negotiate.ts'
import { acceptedAnswer, preferHeader } from '../schemas/jobs.ts'
import { problemResponses } from '../schemas/problems.ts'
import { ExperimentAnswer } from './answer.ts'
import { experimentForms } from './form-names.ts'
import { httpExperiments } from './index.ts'

const answers = {
  200: {
    description: 'The report, in the form that Accept asks for.',
    content: {
      [mediaTypes.json]: { schema: ExperimentAnswer },
      [mediaTypes.csv]: { schema: Type.String({ description: 'One record a seed and arm, with a header line.' }) },
      [mediaTypes.vegalite]: {
        schema: Type.Object({ $schema: Type.String() }, { description: 'A Vega-Lite specification with its data.' }),
      },
      [mediaTypes.svg]: { schema: Type.String({ description: 'The figure.' }) },
      [mediaTypes.png]: { schema: Type.String({ format: 'binary', description: 'The figure.' }) },
    },
  },
}

/** What openapi.yaml says of an experiment. */
export function experimentRouteDocs(kind: ExperimentKind) {
  const { operationId, summary, body } = httpExperiments[kind]
  return {
    tags: ['experiments'],
    operationId,
    summary,
    description:
      "Runs the source study's comparison over many seeds, arms paired, and judges each of its claims by an interval. An empty object asks for the study's own configuration. `Prefer: respond-async` makes it a job, which may have many more seeds.",
    headers: preferHeader,
    querystring: Type.Object(
      {
        format: Type.Optional(
          Type.Union(
            experimentForms.map((form) => Type.Literal(form)),
            { description: 'The form, for clients that cannot set Accept.' },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    body,
    response: { ...answers, 202: acceptedAnswer, ...problemResponses(400, 406, 413, 415, 429, 500, 503, 504) },
  }
}
