import { Type } from '@sinclair/typebox'
import { mediaTypes } from '../negotiate.ts'
import { presentation } from '../attention/answers.ts'
import { problemResponses } from '../schemas/problems.ts'
import { ProbeAnswer, ProbeBody } from './probe-schema.ts'
import { ModelAttentionBody, modelReturns, TokenizeBody } from './schema.ts'

const Model = Type.Object(
  {
    id: Type.String(),
    state: Type.Union(['available', 'loaded', 'unsupported'].map((state) => Type.Literal(state))),
    reason: Type.Optional(Type.String({ description: 'Why it is unsupported.' })),
    family: Type.Optional(Type.String()),
    layers: Type.Optional(Type.Integer()),
    heads: Type.Optional(Type.Integer()),
    kv_heads: Type.Optional(Type.Integer()),
    head_dim: Type.Optional(Type.Integer()),
    width: Type.Optional(Type.Integer()),
    context_length: Type.Optional(Type.Integer()),
    vocabulary: Type.Optional(Type.Integer()),
    parameters: Type.Optional(Type.Integer({ description: 'How many numbers it has learned.' })),
    bytes: Type.Optional(Type.Integer({ description: 'Of its weights, as its files have them.' })),
    dtype: Type.Optional(Type.String()),
    sha256: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'Of its weights; null until they were read.' }),
    ),
    next_tokens: Type.Optional(Type.Boolean({ description: 'Whether it says anything of next tokens.' })),
  },
  { title: 'Model' },
)
const Token = Type.Object(
  {
    id: Type.Integer(),
    text: Type.String({ description: 'Decoded alone.' }),
    start: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Code points of the text; null where ids were given.',
    }),
    end: Type.Union([Type.Integer(), Type.Null()]),
    special: Type.Boolean({ description: 'Added by the tokenizer.' }),
  },
  { title: 'Token' },
)
const Layer = Type.Object(
  {
    layer: Type.Integer(),
    heads: Type.Array(Type.Integer(), {
      description: 'The heads of the layer that the arrays are of, in their order.',
    }),
  },
  {
    title: 'ModelLayer',
    additionalProperties: true,
    description: 'What `return` asks for, of one layer: as of the classes.',
  },
)
const Answer = Type.Object(
  {
    model: Type.Record(Type.String(), Type.Unknown()),
    tokens: Type.Array(Token),
    layers: Type.Array(Layer),
    next_tokens: Type.Optional(
      Type.Array(Type.Object({ id: Type.Integer(), text: Type.String(), probability: Type.Number() })),
    ),
    engine: Type.Unknown(),
  },
  { title: 'ModelAttentionAnswer' },
)

const params = Type.Object({
  id: Type.String({ description: 'An id of GET /models; one with a slash is written with it.' }),
})
const common = { tags: ['models'] }
const json = <Schema>(schema: Schema, description: string) => ({
  200: { description, content: { [mediaTypes.json]: { schema } } },
})
const attentionAnswers = {
  200: {
    description: 'Layer by layer, in the form that Accept asks for.',
    content: {
      [mediaTypes.json]: { schema: Answer },
      [mediaTypes.ndjson]: { schema: Type.String({ description: 'One layer a line, each as it is ready.' }) },
      [mediaTypes.npz]: { schema: Type.String({ format: 'binary', description: '`weights.5` is of layer 5.' }) },
      [mediaTypes.vegalite]: { schema: Type.Object({ $schema: Type.String() }) },
      [mediaTypes.svg]: { schema: Type.String() },
      [mediaTypes.png]: { schema: Type.String({ format: 'binary' }) },
    },
  },
}
const problems = problemResponses(400, 404, 406, 409, 413, 415, 429, 500, 503, 504)
const texts = Type.Optional(Type.String())

export const modelDocs = {
  list: {
    ...common,
    operationId: 'getModels',
    summary: 'The trained models that are served',
    response: {
      ...json(Type.Object({ models: Type.Array(Model) }), 'Every model of MODELS_DIR.'),
      ...problemResponses(429, 503),
    },
  },
  one: {
    ...common,
    operationId: 'getModel',
    summary: 'One trained model',
    params,
    response: { ...json(Model, 'What is known of it.'), ...problemResponses(404, 429, 503) },
  },
  tokenize: {
    ...common,
    operationId: 'postModelTokenize',
    summary: 'Text as the tokens of a model',
    params,
    body: TokenizeBody,
    response: {
      ...json(
        Type.Object({
          model: Type.Object({ id: Type.String() }),
          text: Type.Union([Type.String(), Type.Null()]),
          count: Type.Integer(),
          tokens: Type.Array(Token),
        }),
        'The tokens.',
      ),
      ...problems,
    },
  },
  attention: {
    ...common,
    operationId: 'postModelAttention',
    summary: 'Attention of chosen layers and heads of a trained model',
    description:
      'Text in, attention out. Each layer is solved as any attention is, with the same statistics, beside their values under uniform attention; `induction` and `duplicate_token` are null where no token comes twice.',
    params,
    querystring: Type.Object(presentation, { additionalProperties: false }),
    body: ModelAttentionBody,
    response: { ...attentionAnswers, ...problems },
  },
  probe: {
    ...common,
    operationId: 'postModelProbe',
    summary: 'What kind of head each head of a trained model is',
    description:
      'Random tokens, repeated once: the mean weight of each head on the previous token, the token after an earlier same one (induction), the earlier same one (duplicate_token) and the first token, with intervals over sequences, beside what equal weights have on the same rows. A head has a label where the lower end of its interval is at least `least_weight` and `times_uniform` times that baseline. Intervals are of one head each, not of all at once.',
    params,
    body: ProbeBody,
    response: { ...json(ProbeAnswer, 'Every head.'), ...problems },
  },
  link: {
    ...common,
    operationId: 'getModelAttention',
    summary: 'The same as a link',
    params,
    querystring: Type.Object(
      {
        text: texts,
        token_ids: Type.Optional(Type.Array(Type.Integer())),
        special_tokens: Type.Optional(Type.Boolean()),
        layers: Type.Optional(Type.String({ description: 'all, or comma-separated, negative from the end.' })),
        heads: Type.Optional(Type.Array(Type.Integer())),
        pairs: Type.Optional(Type.String({ description: '5.1,10.7: layer and head.' })),
        return: Type.Optional(Type.Array(Type.Union(modelReturns.map((name) => Type.Literal(name))))),
        engine: texts,
        tensor_format: texts,
        ...presentation,
      },
      { additionalProperties: false },
    ),
    response: { ...attentionAnswers, ...problems },
  },
}
