import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import { tensorFormats } from '../../attention/presentation.ts'
import { returnNames } from '../../attention/request.ts'
import type { ModelKind } from '../../sources/chapter-3/spec.ts'
import {
  AnswerTensor,
  Base64Tensor,
  defaultInputSeed,
  defaultSeed,
  FlatTensor,
  GivenTensor,
  maxLength,
  readByHand,
  Seed,
  strict,
} from './common.ts'

const length = (description: string, extra: object = {}) =>
  Type.Integer({ minimum: 1, maximum: maxLength, description, ...extra })

const modelFields = {
  d_in: length('Width of the input vectors.'),
  context_length: Type.Optional(length('Longest sequence of the model; default: the length of the input.')),
  dropout: Type.Optional(
    Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
      description: 'Probability of dropping a weight in train mode.',
    }),
  ),
  qkv_bias: Type.Optional(
    Type.Boolean({ default: false, description: 'Whether queries, keys and values have a bias.' }),
  ),
  seed: Type.Optional(
    Seed(defaultSeed, 'Parameters as torch.manual_seed(seed) and the constructor of the class would draw them.'),
  ),
  parameters: Type.Optional(
    Type.Record(Type.String(), GivenTensor, {
      [readByHand]: true,
      description:
        'Instead of seed: a state dict by the names and layouts of PyTorch, each tensor nested, flat or base64. A mask buffer may stay, as numbers, booleans or bytes; context_length is its size, unless given.',
    }),
  ),
}

const ModelBodies = {
  causal: Type.Object({ ...modelFields, d_out: length('Width of the output.') }, strict),
  'multi-head-wrapper': Type.Object(
    {
      ...modelFields,
      d_out: length('Width of the output of one head.'),
      num_heads: length('Number of heads.'),
      out_proj: Type.Optional(
        Type.Boolean({ default: true, description: 'Whether an output projection follows the heads.' }),
      ),
    },
    strict,
  ),
  'multi-head': Type.Object(
    {
      ...modelFields,
      d_out: length('Width of the output of all heads together; a multiple of num_heads.'),
      num_heads: length('Number of heads.'),
    },
    strict,
  ),
}

const Values = Type.Array(Type.Array(Type.Array(Type.Number(), { minItems: 1 }), { minItems: 1 }), { minItems: 1 })
const SequenceValues = Type.Array(Type.Array(Type.Number(), { minItems: 1 }), { minItems: 1 })

export const NestedInput = Type.Object(
  { values: Type.Union([Values, SequenceValues]) },
  { ...strict, title: 'NestedInput', description: '(batch, seq, d_in) or (seq, d_in).' },
)
export const FlatInput = Type.Object(
  { shape: FlatTensor.properties.shape, data: Type.Array(Type.Number()) },
  { ...strict, title: 'FlatInput', description: 'Row-major values.' },
)

/** The input: one of four forms. */
export const InputBody = Type.Union(
  [
    Type.Object(
      {
        // Not a tuple: most generators of clients know none.
        randn: Type.Array(length('Length of an axis.'), {
          minItems: 3,
          maxItems: 3,
          description: '[batch, seq, d_in]',
        }),
        seed: Type.Optional(
          Seed(defaultInputSeed, 'Seed of the input; not that of the model, so that the two are independent draws.'),
        ),
        advance: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 2 ** 32,
            default: 0,
            description: 'Uniform draws made before the input is drawn.',
          }),
        ),
      },
      {
        ...strict,
        title: 'RandomInput',
        description: 'As torch.manual_seed(seed); torch.empty(advance).uniform_(); torch.randn(batch, seq, d_in).',
      },
    ),
    NestedInput,
    FlatInput,
    Base64Tensor,
  ],
  { [readByHand]: true },
)

export const EngineNameBody = Type.Union(
  ['reference', 'direct', 'onnxruntime', 'tensorflow'].map((name) => Type.Literal(name)),
)

const names = <T extends string>(values: readonly T[]) => Type.Union(values.map((value) => Type.Literal(value)))

const attentionBody = (model: TSchema, title: string) =>
  Type.Object(
    {
      model,
      input: InputBody,
      mode: Type.Optional(
        Type.Union([Type.Literal('eval'), Type.Literal('train')], {
          default: 'eval',
          description: 'train applies dropout to the weights before the values are mixed.',
        }),
      ),
      dropout_seed: Type.Optional(Seed(defaultSeed, 'With given parameters: the seed of the dropout mask.')),
      engine: Type.Optional(EngineNameBody),
      return: Type.Optional(
        Type.Array(names(returnNames), {
          minItems: 1,
          maxItems: returnNames.length,
          default: ['weights', 'context', 'summary'],
          description: 'What the answer holds.',
        }),
      ),
      heads: Type.Optional(
        Type.Array(Type.Integer({ minimum: 0, maximum: maxLength }), {
          minItems: 1,
          maxItems: 65_536,
          uniqueItems: true,
          description: 'Only these heads.',
        }),
      ),
      rows: Type.Optional(
        Type.Array(Type.Integer({ minimum: 0, maximum: maxLength }), {
          minItems: 2,
          maxItems: 2,
          description: 'Only these query rows: the first and the last.',
        }),
      ),
      tensor_format: Type.Optional(
        Type.Union(
          tensorFormats.map((format) => Type.Literal(format)),
          { default: 'nested' },
        ),
      ),
      tokens: Type.Optional(
        Type.Array(Type.String({ maxLength: 256 }), {
          minItems: 1,
          maxItems: 65_536,
          description: 'Labels, one a position.',
        }),
      ),
    },
    { ...strict, title },
  )

/** The bodies of the three compute endpoints. */
export const AttentionBodies: Readonly<Record<ModelKind, TSchema>> = {
  causal: attentionBody(ModelBodies.causal, 'CausalAttentionRequest'),
  'multi-head-wrapper': attentionBody(ModelBodies['multi-head-wrapper'], 'MultiHeadWrapperRequest'),
  'multi-head': attentionBody(ModelBodies['multi-head'], 'MultiHeadRequest'),
}

/** A body that Ajv has passed; parts read by hand are still unknown. */
export interface AttentionBody {
  model: {
    d_in: number
    d_out: number
    context_length?: number
    num_heads?: number
    dropout?: number
    qkv_bias?: boolean
    out_proj?: boolean
    seed?: number
    parameters?: unknown
  }
  input: unknown
  mode?: 'eval' | 'train'
  dropout_seed?: number
  engine?: Static<typeof EngineNameBody> & ('reference' | 'direct' | 'onnxruntime' | 'tensorflow')
  return?: (typeof returnNames)[number][]
  heads?: number[]
  rows?: [number, number]
  tensor_format?: (typeof tensorFormats)[number]
  tokens?: string[]
}

export const nullable = (schema: TSchema, options: object = {}) => Type.Union([schema, Type.Null()], options)
export const statistic = Type.Array(nullable(Type.Number()))
export const statistics = (schema: TSchema) => ({
  entropy: schema,
  normalized_entropy: schema,
  max_weight: schema,
  distance: schema,
  previous_token: schema,
  first_token: schema,
  diagonal: schema,
})

export const EngineIdentityBody = Type.Object({
  name: EngineNameBody,
  device: Type.Union([Type.Literal('cpu'), Type.Literal('gpu')]),
  version: Type.String(),
})

/** The answer of a compute endpoint. */
export const AttentionAnswer = Type.Object(
  {
    model: Type.Object({
      kind: names(['causal', 'multi-head-wrapper', 'multi-head']),
      d_in: Type.Integer(),
      d_out: Type.Integer(),
      context_length: Type.Integer(),
      num_heads: Type.Integer(),
      head_dim: Type.Integer(),
      output_dim: Type.Integer(),
      num_parameters: Type.Integer(),
      dropout: Type.Number(),
      qkv_bias: Type.Boolean(),
      out_proj: Type.Optional(Type.Boolean()),
      seed: Type.Optional(Type.Integer()),
    }),
    input: Type.Object({
      shape: Type.Array(Type.Integer()),
      values: Type.Optional(AnswerTensor(3, '(batch, seq, d_in)')),
    }),
    mode: Type.Union([Type.Literal('eval'), Type.Literal('train')]),
    tokens: Type.Optional(Type.Array(Type.String())),
    parameters: Type.Optional(Type.Record(Type.String(), Type.Union([AnswerTensor(2, ''), AnswerTensor(1, '')]))),
    queries: Type.Optional(AnswerTensor(4, '(batch, heads, seq, head_dim)')),
    keys: Type.Optional(AnswerTensor(4, '(batch, heads, seq, head_dim)')),
    values: Type.Optional(AnswerTensor(4, '(batch, heads, seq, head_dim)')),
    scores: Type.Optional(AnswerTensor(4, '(batch, heads, query, key); masked positions are null')),
    weights: Type.Optional(AnswerTensor(4, '(batch, heads, query, key), before dropout')),
    context_heads: Type.Optional(AnswerTensor(4, '(batch, heads, seq, head_dim), before the output projection')),
    context: Type.Optional(AnswerTensor(3, '(batch, seq, output_dim)')),
    summary: Type.Optional(
      Type.Object({
        weights: Type.Object({ ...statistics(statistic), uniform: Type.Object(statistics(nullable(Type.Number()))) }),
        context: Type.Object({
          min: nullable(Type.Number()),
          max: nullable(Type.Number()),
          mean: nullable(Type.Number()),
          std: nullable(Type.Number()),
          norm_mean: nullable(Type.Number()),
        }),
      }),
    ),
    similarity: Type.Optional(
      Type.Object({
        pearson: AnswerTensor(3, '(batch, heads, heads)'),
        row_centered_pearson: AnswerTensor(3, '(batch, heads, heads)'),
        js_divergence: AnswerTensor(3, '(batch, heads, heads)'),
      }),
    ),
    checks: Type.Object({
      max_row_sum_error: nullable(Type.Number(), {
        description:
          'Greatest distance of the sum of a row of weights from 1; null where a row has none because a score overflowed.',
      }),
      max_future_weight: nullable(Type.Number(), { description: 'Greatest weight on a key that a row must not see.' }),
      finite: Type.Boolean({
        description:
          'Whether every number that was used or is returned is finite. False where float32 cannot hold a query, key, value, score or context: what is null then is not masked but overflowed.',
      }),
    }),
    engine: EngineIdentityBody,
  },
  { title: 'AttentionAnswer' },
)
