import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { AttentionRequest } from '../../attention/request.ts'
import { returnNames } from '../../attention/request.ts'
import { invalid } from '../../errors.ts'
import type { ProblemSize } from '../../problem/size.ts'
import { inputShape } from '../../sources/input.ts'
import type { InputSource } from '../../sources/input.ts'
import { torchParameters, TorchMultiheadSource } from '../../sources/torch-multihead.ts'
import type { TorchMultiheadSpec } from '../../sources/torch-multihead.ts'
import { boolean, names, number, numbers, one, range, texts, word } from '../read/link.ts'
import type { QueryForm } from '../read/link.ts'
import { readStateDict } from '../read/state-dict.ts'
import { byHand, GivenTensor, literals, maxLength, Seed, strict } from '../schemas/common.ts'
import { EngineNameBody } from '../schemas/engines.ts'
import { InputBody, readInput } from './input.ts'
import { attentionKind } from './kind.ts'
import { readPresentationMembers } from './members.ts'
import { readRules } from './read-rules.ts'
import { MaskBody, ScaledDotProductBody } from './scaled-dot-product-schema.ts'

const length = (description: string) => Type.Integer({ minimum: 1, maximum: maxLength, description })
const Body = Type.Object(
  {
    model: Type.Object(
      {
        embed_dim: length('Width of queries and contexts; a multiple of num_heads.'),
        num_heads: length('Number of heads.'),
        bias: Type.Optional(Type.Boolean({ default: true })),
        dropout: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0 })),
        kdim: Type.Optional(length('Width of the keys; default embed_dim.')),
        vdim: Type.Optional(length('Width of the values; default embed_dim.')),
        seed: Type.Optional(Seed(42, 'Parameters as torch.manual_seed(seed) and the constructor draw them.')),
        parameters: Type.Optional(
          byHand(
            Type.Record(Type.String(), GivenTensor, {
              description:
                'Instead of seed: a state dict with in_proj_weight (or q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias and out_proj; a prefix that all names share may stay.',
            }),
          ),
        ),
      },
      strict,
    ),
    input: Type.Optional(InputBody),
    query: Type.Optional(InputBody),
    key: Type.Optional(InputBody),
    value: Type.Optional(InputBody),
    mask: Type.Optional(MaskBody),
    bias: Type.Optional(ScaledDotProductBody.properties.bias),
    mode: Type.Optional(literals(['eval', 'train'], { default: 'eval' })),
    dropout_seed: Type.Optional(Seed(42, 'With given parameters: the seed of the dropout mask.')),
    engine: Type.Optional(EngineNameBody),
    return: Type.Optional(
      Type.Array(literals(returnNames), {
        minItems: 1,
        maxItems: returnNames.length,
        description: 'What the answer holds.',
      }),
    ),
    heads: ScaledDotProductBody.properties.heads,
    rows: ScaledDotProductBody.properties.rows,
    keys_range: ScaledDotProductBody.properties.keys_range,
    tensor_format: ScaledDotProductBody.properties.tensor_format,
    tokens: ScaledDotProductBody.properties.tokens,
    key_tokens: ScaledDotProductBody.properties.key_tokens,
  },
  { ...strict, title: 'TorchMultiheadRequest' },
)
type TorchMultiheadRequest = Static<typeof Body>

function read(body: TorchMultiheadRequest): AttentionRequest {
  const { model } = body
  const spec: TorchMultiheadSpec = {
    embedDim: model.embed_dim,
    numHeads: model.num_heads,
    bias: model.bias ?? true,
    dropout: model.dropout ?? 0,
    kDim: model.kdim ?? model.embed_dim,
    vDim: model.vdim ?? model.embed_dim,
  }
  if (spec.embedDim % spec.numHeads !== 0)
    throw invalid('/model/embed_dim', `must be a multiple of num_heads (${spec.numHeads})`)
  const inputs = readInputs(body)
  const size = sizeOf(spec, inputs)
  const { visibility, scoring, bytes } = readRules({ mask: body.mask, bias: body.bias }, size)
  const returns = new Set(body.return ?? (['weights', 'context', 'summary'] as const))
  if (returns.has('similarity') && spec.numHeads < 2)
    throw invalid('/return', 'similarity compares heads: the model needs at least 2')
  const presentation = readPresentationMembers(body, size)
  const { allowed, ...mask } = body.mask ?? {}
  return {
    source: new TorchMultiheadSource({
      spec,
      parameters: parametersOf(spec, body),
      ...inputs,
      size,
      visibility,
      scoring,
      mode: body.mode ?? 'eval',
      said: {
        ...mask,
        ...(allowed === undefined ? {} : { allowed: true }),
        ...(body.bias === undefined ? {} : { bias: true }),
      },
      ruleBytes: bytes,
    }),
    engine: body.engine,
    returns,
    presentation,
  }
}

interface Inputs {
  readonly query: InputSource
  readonly key: InputSource
  readonly value: InputSource
}

/** One input for all three, or query, key and value apart: then key is query's and value key's where it is left out. */
function readInputs(body: TorchMultiheadRequest): Inputs {
  if (body.input !== undefined) {
    for (const name of ['query', 'key', 'value'] as const)
      if (body[name] !== undefined)
        throw invalid(`/${name}`, 'does not go with input: give one input, or query, key and value')
    const input = readInput(body.input)
    return { query: input, key: input, value: input }
  }
  if (body.query === undefined) throw invalid('/input', 'is missing: give one input, or query, key and value')
  const query = readInput(body.query, '/query')
  const key = body.key === undefined ? query : readInput(body.key, '/key')
  const value = body.value === undefined ? key : readInput(body.value, '/value')
  return { query, key, value }
}

function sizeOf({ embedDim, numHeads, kDim, vDim }: TorchMultiheadSpec, { query, key, value }: Inputs): ProblemSize {
  const [batch, queries, dIn] = inputShape(query) as [number, number, number]
  const [keyBatch, keys, keyDIn] = inputShape(key) as [number, number, number]
  const [valueBatch, values, valueDIn] = inputShape(value) as [number, number, number]
  const shared = query === key
  const place = (name: string): string => (shared && query === value ? '/input' : `/${name}`)
  if (dIn !== embedDim) throw invalid(place('query'), `has vectors of width ${dIn}, but model.embed_dim is ${embedDim}`)
  if (keyDIn !== kDim) throw invalid(place('key'), `has vectors of width ${keyDIn}, but the model's keys have ${kDim}`)
  if (valueDIn !== vDim)
    throw invalid(place('value'), `has vectors of width ${valueDIn}, but the model's values have ${vDim}`)
  if (keyBatch !== batch) throw invalid(place('key'), `has ${keyBatch} items, but query has ${batch}`)
  if (valueBatch !== batch) throw invalid(place('value'), `has ${valueBatch} items, but query has ${batch}`)
  if (values !== keys) throw invalid(place('value'), `has ${values} positions, but key has ${keys}`)
  const headDim = embedDim / numHeads
  return {
    batch,
    heads: numHeads,
    keyValueHeads: numHeads,
    queries,
    keys,
    headDim,
    valueDim: headDim,
    dIn,
    keyDIn,
    valueDIn,
    outputDim: embedDim,
  }
}

function parametersOf(spec: TorchMultiheadSpec, { model, dropout_seed: dropoutSeed }: TorchMultiheadRequest) {
  if (model.parameters === undefined) {
    if (dropoutSeed !== undefined)
      throw invalid(
        '/dropout_seed',
        'goes with given parameters; with a seed the mask is drawn where the constructor ended',
      )
    return { seed: model.seed ?? 42 }
  }
  if (model.seed !== undefined) throw invalid('/model/seed', 'does not go with parameters: give one of the two')
  return {
    given: readStateDict(model.parameters, '/model/parameters', torchParameters(spec)),
    dropoutSeed: dropoutSeed ?? 42,
  }
}

const form: QueryForm = {
  parameters: {
    embed_dim: { place: ['model', 'embed_dim'], read: one(number) },
    num_heads: { place: ['model', 'num_heads'], read: one(number) },
    bias: { place: ['model', 'bias'], read: one(boolean) },
    dropout: { place: ['model', 'dropout'], read: one(number) },
    seed: { place: ['model', 'seed'], read: one(number) },
    randn: { place: ['input', 'randn'], read: numbers },
    input_seed: { place: ['input', 'seed'], read: one(number) },
    advance: { place: ['input', 'advance'], read: one(number) },
    causal: { place: ['mask', 'causal'], read: one(boolean) },
    key_lengths: { place: ['mask', 'key_lengths'], read: numbers },
    mode: { place: ['mode'], read: word },
    engine: { place: ['engine'], read: word },
    return: { place: ['return'], read: names },
    heads: { place: ['heads'], read: numbers },
    rows: { place: ['rows'], read: one(range) },
    tensor_format: { place: ['tensor_format'], read: word },
    tokens: { place: ['tokens'], read: texts },
  },
  lists: ['randn', 'key_lengths', 'return', 'heads', 'tokens'],
  groups: ['model', 'input'],
  needed: 'embed_dim, num_heads and randn',
  otherPlaces: { '/input': '/randn' },
}

const answer = Type.Record(Type.String(), Type.Unknown(), {
  description: 'As of the other classes: weights (batch, heads, query, key), context (batch, query, embed_dim).',
})
const query = {
  embed_dim: length('Width.'),
  num_heads: length('Number of heads.'),
  randn: Type.Array(length('Length of an axis.'), {
    minItems: 3,
    maxItems: 3,
    description: 'batch, length, embed_dim',
  }),
  ...Object.fromEntries(
    Object.keys(form.parameters)
      .filter((name) => !['embed_dim', 'num_heads', 'randn'].includes(name))
      .map((name) => [name, Type.Optional(Type.String({ description: `As in the body of POST.` }))]),
  ),
}

/** torch.nn.MultiheadAttention as a fourth class. */
export const torchMultihead = attentionKind({
  kind: 'torch-multihead',
  operation: 'TorchMultihead',
  summaries: {
    post: 'Compute torch.nn.MultiheadAttention',
    get: 'Compute torch.nn.MultiheadAttention, as a link',
  },
  description:
    'torch.nn.MultiheadAttention with batch_first=True: seeded as PyTorch draws it, or by its state dict. A boolean mask.allowed says who may attend; the boolean attn_mask of the class means the opposite.',
  body: Body,
  answer,
  query,
  link: form,
  read,
})
