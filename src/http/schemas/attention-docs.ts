import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { returnNames } from '../../attention/request.ts'
import type { ModelKind } from '../../sources/chapter-3/spec.ts'
import { figureNames } from '../../figures/index.ts'
import { attentionForms } from '../attention-forms.ts'
import { mediaTypes } from '../negotiate.ts'
import { AttentionAnswer, AttentionBodies } from './attention.ts'
import { problemResponses } from './problems.ts'
import { maxLength, maxSeed } from './common.ts'

const titles: Readonly<Record<ModelKind, string>> = {
  causal: 'one causal head (CausalSelfAttention)',
  'multi-head-wrapper': 'independent heads side by side (MultiHeadAttentionWrapper)',
  'multi-head': 'heads that share their projections (MultiHeadAttention)',
}

const operationNames: Readonly<Record<ModelKind, string>> = {
  causal: 'Causal',
  'multi-head-wrapper': 'MultiHeadWrapper',
  'multi-head': 'MultiHead',
}

const description =
  'Builds the model, runs it and answers with attention weights, context vectors and summary statistics; a seed gives what PyTorch gives on the CPU.'

/** The ways in which an attention result is answered, JSON by its schema. */
export const answersOf = (answer: TSchema) => ({
  200: {
    description: 'The result, in the form that Accept asks for.',
    content: {
      [mediaTypes.json]: { schema: answer },
      [mediaTypes.npz]: {
        schema: Type.String({
          format: 'binary',
          description:
            'A NumPy archive: one array a name, numbers first; what is no array as JSON text, unless strings=false.',
        }),
      },
      [mediaTypes.vegalite]: {
        schema: Type.Object({ $schema: Type.String() }, { description: 'A Vega-Lite specification with its data.' }),
      },
      [mediaTypes.svg]: { schema: Type.String({ description: 'The figure.' }) },
      [mediaTypes.png]: { schema: Type.String({ format: 'binary', description: 'The figure.' }) },
    },
  },
})
const answers = answersOf(AttentionAnswer)

const whole = (minimum: number, maximum: number, description: string) => Type.Integer({ minimum, maximum, description })
const range = (description: string) => Type.String({ pattern: '^[0-9]+-[0-9]+$', description })
/** Comma-separated in the address, or its name repeated. */
const list = (items: TSchema, description: string) => Type.Array(items, { minItems: 1, description })
const index = Type.Integer({ minimum: 0, maximum: maxLength })

/** How the answer is shown: query parameters of POST and GET alike. */
export const presentation = {
  format: Type.Optional(
    Type.Union(
      attentionForms.map((form) => Type.Literal(form)),
      { description: 'The form, for links that cannot set Accept.' },
    ),
  ),
  figure: Type.Optional(
    Type.Union(
      figureNames.map((name) => Type.Literal(name)),
      { description: 'Which figure, where the form is one; default weights.' },
    ),
  ),
  head: Type.Optional(list(index, 'Figures: only these heads.')),
  item: Type.Optional(whole(0, maxLength, 'Figures: this item of the batch; default 0.')),
  rows: Type.Optional(range('Only these query rows: first-last.')),
  keys: Type.Optional(range('Figures: only these keys, first-last.')),
  strings: Type.Optional(
    Type.Boolean({ default: true, description: 'npz: whether texts come too, behind the numbers.' }),
  ),
}

/** The query parameters of the GET form; its values are read by read/attention-query.ts. */
function queryOf(kind: ModelKind): TSchema {
  const heads: Record<string, TSchema> = kind === 'causal' ? {} : { num_heads: whole(1, maxLength, 'Number of heads.') }
  const outProj: Record<string, TSchema> =
    kind === 'multi-head-wrapper' ? { out_proj: Type.Optional(Type.Boolean()) } : {}
  return Type.Object(
    {
      d_in: whole(1, maxLength, 'Width of the input vectors.'),
      d_out: whole(1, maxLength, 'Width of the output.'),
      randn: Type.Array(Type.Integer({ minimum: 1, maximum: maxLength }), {
        minItems: 3,
        maxItems: 3,
        description: 'Shape of the input: batch, seq, d_in.',
      }),
      ...heads,
      context_length: Type.Optional(whole(1, maxLength, 'Longest sequence of the model.')),
      dropout: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })),
      qkv_bias: Type.Optional(Type.Boolean()),
      ...outProj,
      seed: Type.Optional(whole(0, maxSeed, 'Seed of the parameters.')),
      input_seed: Type.Optional(whole(0, maxSeed, 'Seed of the input; 43 where none is named.')),
      advance: Type.Optional(whole(0, 2 ** 32, 'Uniform draws made before the input is drawn.')),
      mode: Type.Optional(Type.Union([Type.Literal('eval'), Type.Literal('train')])),
      engine: Type.Optional(
        Type.Union(['reference', 'direct', 'onnxruntime', 'tensorflow'].map((name) => Type.Literal(name))),
      ),
      return: Type.Optional(list(Type.Union(returnNames.map((name) => Type.Literal(name))), 'What the answer holds.')),
      heads: Type.Optional(list(index, 'Only these heads.')),
      tensor_format: Type.Optional(Type.Union([Type.Literal('nested'), Type.Literal('flat'), Type.Literal('base64')])),
      tokens: Type.Optional(
        list(Type.String({ maxLength: 256 }), 'Labels, one a position; a comma within a label is written %2C.'),
      ),
      ...presentation,
    },
    { additionalProperties: false },
  )
}

/** What openapi.yaml says of a compute endpoint. */
function docsOf(kind: ModelKind) {
  const common = { tags: ['attention'], description }
  return {
    post: {
      ...common,
      operationId: `post${operationNames[kind]}Attention`,
      summary: `Compute ${titles[kind]}`,
      querystring: Type.Object(presentation, { additionalProperties: false }),
      body: AttentionBodies[kind],
      response: { ...answers, ...problemResponses(400, 406, 413, 415, 429, 500, 503, 504) },
    },
    get: {
      ...common,
      operationId: `get${operationNames[kind]}Attention`,
      summary: `Compute ${titles[kind]}, as a link`,
      querystring: queryOf(kind),
      response: {
        ...answers,
        304: { description: 'The same as what the client has.', type: 'null' },
        ...problemResponses(400, 406, 413, 429, 500, 503, 504),
      },
    },
  }
}

export const attentionRouteDocs: Readonly<Record<ModelKind, ReturnType<typeof docsOf>>> = {
  causal: docsOf('causal'),
  'multi-head-wrapper': docsOf('multi-head-wrapper'),
  'multi-head': docsOf('multi-head'),
}
