import { Type } from '@sinclair/typebox'
import type { Static, TInteger, TProperties, TSchema } from '@sinclair/typebox'
import { returnNames } from '../../attention/request.ts'
import type { AttentionRequest } from '../../attention/request.ts'
import { invalid } from '../../errors.ts'
import { Chapter3Source } from '../../sources/chapter-3/source.ts'
import type { ParameterSource } from '../../sources/chapter-3/source.ts'
import { modelKinds } from '../../sources/chapter-3/spec.ts'
import type { ModelSpec } from '../../sources/chapter-3/spec.ts'
import { inputShape } from '../../sources/input.ts'
import type { InputSource } from '../../sources/input.ts'
import { boolean, names, number, numbers, one, range, texts, word } from '../read/link.ts'
import type { QueryForm } from '../read/link.ts'
import { maskIn } from '../read/mask-buffer.ts'
import { readParameters } from '../read/parameters.ts'
import {
  AnswerTensor,
  byHand,
  defaultSeed,
  GivenTensor,
  literals,
  maxLength,
  maxSeed,
  Seed,
  strict,
} from '../schemas/common.ts'
import { EngineIdentityBody, EngineNameBody } from '../schemas/engines.ts'
import { index, list, nullable, statistic, statistics, whole } from './answers.ts'
import { InputBody, readInput } from './input.ts'
import { firstAndLast, heads, readPresentationMembers, TensorFormatBody, tokens } from './members.ts'

/** What the three classes of chapter 3 share: a file each has the rest. */

export const length = (description: string) => Type.Integer({ minimum: 1, maximum: maxLength, description })

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
    byHand(
      Type.Record(Type.String(), GivenTensor, {
        description:
          'Instead of seed: a state dict by the names and layouts of PyTorch, each tensor nested, flat or base64. A mask buffer may stay, as numbers, booleans or bytes; context_length is its size, unless given.',
      }),
    ),
  ),
}

/** A class's body, its model with the members that are its own. */
export const bodyOf = <Own extends TProperties>(own: Own, title: string) =>
  Type.Object(
    {
      model: Type.Object({ ...modelFields, ...own }, strict),
      input: InputBody,
      mode: Type.Optional(
        literals(['eval', 'train'], {
          default: 'eval',
          description: 'train applies dropout to the weights before the values are mixed.',
        }),
      ),
      dropout_seed: Type.Optional(Seed(defaultSeed, 'With given parameters: the seed of the dropout mask.')),
      engine: Type.Optional(EngineNameBody),
      return: Type.Optional(
        Type.Array(literals(returnNames), {
          minItems: 1,
          maxItems: returnNames.length,
          default: ['weights', 'context', 'summary'],
          description: 'What the answer holds.',
        }),
      ),
      heads: Type.Optional(heads()),
      rows: Type.Optional(firstAndLast('Only these query rows: the first and the last.')),
      tensor_format: Type.Optional(TensorFormatBody),
      tokens: Type.Optional(tokens('Labels, one a position.')),
    },
    { ...strict, title },
  )
type Chapter3Body = Static<ReturnType<typeof bodyOf<{ d_out: TInteger }>>>

export const description =
  'Builds the model, runs it and answers with attention weights, context vectors and summary statistics; a seed gives what PyTorch gives on the CPU.'

/** Query parameters of a class's link; `afterShape` and `afterBias` are its own. */
export const queryOf = (
  afterShape: Readonly<Record<string, TSchema>>,
  afterBias: Readonly<Record<string, TSchema>> = {},
): Readonly<Record<string, TSchema>> => ({
  d_in: whole(1, maxLength, 'Width of the input vectors.'),
  d_out: whole(1, maxLength, 'Width of the output.'),
  randn: Type.Array(Type.Integer({ minimum: 1, maximum: maxLength }), {
    minItems: 3,
    maxItems: 3,
    description: 'Shape of the input: batch, seq, d_in.',
  }),
  ...afterShape,
  context_length: Type.Optional(whole(1, maxLength, 'Longest sequence of the model.')),
  dropout: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })),
  qkv_bias: Type.Optional(Type.Boolean()),
  ...afterBias,
  seed: Type.Optional(whole(0, maxSeed, 'Seed of the parameters.')),
  input_seed: Type.Optional(whole(0, maxSeed, 'Seed of the input; 43 where none is named.')),
  advance: Type.Optional(whole(0, 2 ** 32, 'Uniform draws made before the input is drawn.')),
  mode: Type.Optional(literals(['eval', 'train'])),
  engine: Type.Optional(EngineNameBody),
  return: Type.Optional(list(literals(returnNames), 'What the answer holds.')),
  heads: Type.Optional(list(index, 'Only these heads.')),
  tensor_format: Type.Optional(literals(['nested', 'flat', 'base64'])),
  tokens: Type.Optional(
    list(Type.String({ maxLength: 256 }), 'Labels, one a position; a comma within a label is written %2C.'),
  ),
})

/** Where each parameter of a link belongs in the body, and how its text is read. */
const parameters: QueryForm['parameters'] = {
  d_in: { place: ['model', 'd_in'], read: one(number) },
  d_out: { place: ['model', 'd_out'], read: one(number) },
  context_length: { place: ['model', 'context_length'], read: one(number) },
  num_heads: { place: ['model', 'num_heads'], read: one(number) },
  dropout: { place: ['model', 'dropout'], read: one(number) },
  qkv_bias: { place: ['model', 'qkv_bias'], read: one(boolean) },
  out_proj: { place: ['model', 'out_proj'], read: one(boolean) },
  seed: { place: ['model', 'seed'], read: one(number) },
  randn: { place: ['input', 'randn'], read: numbers },
  input_seed: { place: ['input', 'seed'], read: one(number) },
  advance: { place: ['input', 'advance'], read: one(number) },
  mode: { place: ['mode'], read: word },
  engine: { place: ['engine'], read: word },
  return: { place: ['return'], read: names },
  heads: { place: ['heads'], read: numbers },
  rows: { place: ['rows'], read: one(range) },
  tensor_format: { place: ['tensor_format'], read: word },
  tokens: { place: ['tokens'], read: texts },
}

/** The links of all classes: a parameter that a class does not have, its body does not know. */
export const link: QueryForm = {
  parameters,
  lists: ['randn', 'return', 'heads', 'tokens'],
  groups: ['model', 'input'],
  needed: 'd_in, d_out and randn',
  otherPlaces: { '/input': '/randn' },
}

/** A class's body as a request, of the class and what its own members say. Throws a 400 that names the place. */
export function readClass(
  body: Chapter3Body,
  { kind, numHeads, outProj }: Pick<ModelSpec, 'kind' | 'numHeads' | 'outProj'>,
): AttentionRequest {
  const { model } = body
  const input = readInput(body.input)
  const spec: ModelSpec = {
    kind,
    dIn: model.d_in,
    dOut: model.d_out,
    contextLength: model.context_length ?? maskIn(model.parameters)?.side ?? inputShape(input)[1]!,
    numHeads,
    dropout: model.dropout ?? 0,
    qkvBias: model.qkv_bias ?? false,
    outProj,
  }
  const source = new Chapter3Source({
    spec,
    parameters: readParameterSource(spec, body),
    input,
    mode: body.mode ?? 'eval',
  })
  const returns = new Set(body.return ?? (['weights', 'context', 'summary'] as const))
  checkAgainstInput(spec, input, body)
  const [{ size }] = source.outlines({ context: true, parameters: false })
  const presentation = readPresentationMembers(body, size, {
    count: "the sequence's length",
    last: 'the last row',
    one: 'position',
  })
  if (returns.has('similarity') && spec.numHeads < 2)
    throw invalid('/return', 'similarity compares heads: the model needs at least 2')
  return { source, engine: body.engine, returns, presentation }
}

function readParameterSource(spec: ModelSpec, body: Chapter3Body): ParameterSource {
  if (body.model.parameters === undefined) {
    if (body.dropout_seed !== undefined)
      throw invalid(
        '/dropout_seed',
        'goes with given parameters; with a seed the mask is drawn where the constructor ended',
      )
    return { seed: body.model.seed ?? defaultSeed }
  }
  if (body.model.seed !== undefined) throw invalid('/model/seed', 'does not go with parameters: give one of the two')
  return { given: readParameters(spec, body.model.parameters), dropoutSeed: body.dropout_seed ?? defaultSeed }
}

/** What can only be judged with the model and the input side by side. */
function checkAgainstInput(spec: ModelSpec, input: InputSource, { input: given, model }: Chapter3Body): void {
  const [, length, dIn] = inputShape(input) as [number, number, number]
  if (dIn !== spec.dIn)
    throw invalid(placeOfInput(input, given), `has vectors of width ${dIn}, but model.d_in is ${spec.dIn}`)
  if (length <= spec.contextLength) return
  throw model.context_length === undefined
    ? invalid(
        `/model/parameters/${maskIn(model.parameters)!.name}`,
        `is of ${spec.contextLength} positions, fewer than the sequence's ${length}`,
      )
    : invalid('/model/context_length', `must be at least the sequence's length, ${length}`)
}

/** Where an input says its shape. */
function placeOfInput(input: InputSource, given: unknown): string {
  if ('randn' in input) return '/input/randn'
  return (given as Record<string, unknown>).values === undefined ? '/input/shape' : '/input/values'
}

/** The answer of a class. */
export const AttentionAnswer = Type.Object(
  {
    model: Type.Object({
      kind: literals(modelKinds),
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
