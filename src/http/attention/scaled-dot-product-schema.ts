import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { ReturnName } from '../../attention/request.ts'
import { dtypes } from '../read/dtype-tensor.ts'
import { byHand, literals, maxLength, maxSeed, strict } from '../schemas/common.ts'
import { EngineNameBody } from '../schemas/engines.ts'
import { firstAndLast, heads, TensorFormatBody, tokens } from './members.ts'

/** What an answer can hold. */
export const givenReturns = [
  'weights',
  'context',
  'summary',
  'queries',
  'keys',
  'values',
  'products',
  'scores',
  'similarity',
] as const satisfies readonly ReturnName[]

/** Seeds of queries, keys and values that name none: three, so that they are independent draws. */
export const operandSeeds = { queries: 42, keys: 43, values: 44 } as const

const whole = (minimum: number, maximum: number, description: string, extra: object = {}) =>
  Type.Integer({ minimum, maximum, description, ...extra })
const nested = (
  depth: number,
  leaf: ReturnType<typeof Type.Number | typeof Type.Boolean>,
): ReturnType<typeof Type.Any> => (depth === 0 ? leaf : Type.Array(nested(depth - 1, leaf), { minItems: 1 })) as never
const shape = Type.Array(whole(1, maxLength, 'Length of an axis.'), { minItems: 1, maxItems: 4 })

const Binary = Type.Object(
  {
    shape,
    base64: Type.String({ contentEncoding: 'base64' }),
    dtype: Type.Optional(literals(dtypes, { default: 'float32', description: 'Element type, little-endian.' })),
  },
  { ...strict, title: 'BinaryOperand' },
)
const Flat = Type.Object({ shape, data: Type.Array(Type.Number()) }, { ...strict, title: 'FlatOperand' })
const Random = Type.Object(
  {
    randn: Type.Array(whole(1, maxLength, 'Length of an axis.'), { minItems: 2, maxItems: 4 }),
    seed: Type.Optional(whole(0, maxSeed, 'Default: 42 for queries, 43 for keys, 44 for values.')),
    advance: Type.Optional(whole(0, 2 ** 32, 'Uniform draws made before.', { default: 0 })),
  },
  { ...strict, title: 'RandomOperand', description: 'As torch.manual_seed(seed); torch.randn(shape).' },
)

const operand = (description: string) =>
  byHand(
    Type.Union([nested(2, Type.Number()), nested(3, Type.Number()), nested(4, Type.Number()), Flat, Binary, Random], {
      description,
    }),
  )

const Booleans = byHand(
  Type.Union(
    [
      ...[1, 2, 3, 4].map((depth) => nested(depth, Type.Boolean())),
      Type.Object({ shape, data: Type.Array(Type.Boolean()) }, { ...strict, title: 'FlatMask' }),
      Type.Object(
        { shape, base64: Type.String({ contentEncoding: 'base64', description: 'A byte each, 0 or 1.' }) },
        { ...strict, title: 'BinaryMask' },
      ),
    ],
    {
      description:
        'True may attend. Broadcasts to (batch, heads, query, key) as NumPy does. The opposite of the boolean attn_mask of torch.nn.MultiheadAttention.',
    },
  ),
)

const side = Type.Union([whole(0, maxLength, 'Positions.'), Type.Null()])

export const MaskBody = Type.Object(
  {
    causal: Type.Optional(Type.Boolean({ default: false, description: 'Keys after the own position are hidden.' })),
    alignment: Type.Optional(
      Type.Union(
        [
          Type.Literal('upper_left'),
          Type.Literal('lower_right'),
          Type.Integer({ minimum: -maxLength, maximum: maxLength }),
        ],
        {
          description:
            'Where queries stand among the keys: query i at position i + n. upper_left: n = 0; lower_right: n = key_len - query_len, with key_lengths the length of the item less query_len; or n itself. Required where causal or window meets key_len other than query_len, or key_lengths.',
        },
      ),
    ),
    window: Type.Optional(
      Type.Array(side, {
        minItems: 2,
        maxItems: 2,
        description: '[left, right]: keys from p - left to p + right, p the own position; null is unbounded.',
      }),
    ),
    key_lengths: Type.Optional(
      Type.Array(whole(0, maxLength, 'Keys of the item; those from there on are padding.'), { maxItems: 65_536 }),
    ),
    allowed: Type.Optional(Booleans),
  },
  strict,
)

const perHead = (description: string) =>
  Type.Array(Type.Number({ minimum: -3e38, maximum: 3e38 }), { minItems: 1, maxItems: 65_536, description })

export const RotaryBody = Type.Object(
  {
    theta: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e12, default: 10_000 })),
    dim: Type.Optional(
      whole(2, maxLength, 'Leading dimensions of a head that are turned, an even number; default all.'),
    ),
    interleaved: Type.Optional(
      Type.Boolean({ default: false, description: 'Pairs (2 k, 2 k + 1) instead of (k, k + dim / 2).' }),
    ),
    offset: Type.Optional(whole(0, maxLength, 'Added to every position, of queries and keys.', { default: 0 })),
    scaling: Type.Optional(
      Type.Record(
        Type.String({ maxLength: 64 }),
        Type.Union([Type.Number(), Type.String({ maxLength: 64 }), Type.Boolean()]),
        {
          description:
            'rope_parameters of a Hugging Face configuration: rope_type linear, llama3 or yarn, and its numbers.',
        },
      ),
    ),
  },
  {
    ...strict,
    description:
      'Rotary positions, applied to queries and keys before the product: key j stands at j, query i at its own position by the alignment, at i without one.',
  },
)

/** The body of POST /attention/scaled-dot-product. */
export const ScaledDotProductBody = Type.Object(
  {
    queries: operand('(batch, heads, query, head_dim); three dimensions are one item, two are one head.'),
    keys: operand('(batch, kv_heads, key, head_dim). Head h reads key-value head floor(h * kv_heads / heads).'),
    values: Type.Optional(operand('(batch, kv_heads, key, value_dim); may be left out where no context is asked for.')),
    scale: Type.Optional(Type.Number({ minimum: -1e30, maximum: 1e30, description: 'Default 1 / sqrt(head_dim).' })),
    softcap: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1e30,
        description: 'c tanh(s / c), after scale, before bias and mask.',
      }),
    ),
    bias: Type.Optional(
      byHand(
        Type.Union([...[1, 2, 3, 4].map((depth) => nested(depth, Type.Number())), Flat, Binary], {
          description:
            'Added to the scores after scale and softcap; broadcasts to (batch, heads, query, key); -Infinity, in base64, hides the key.',
        }),
      ),
    ),
    mask: Type.Optional(MaskBody),
    alibi_slopes: Type.Optional(Type.Union([Type.Literal('standard'), perHead('One a head: adds -slope * (p - j).')])),
    sinks: Type.Optional(perHead("One a head: a logit that takes part in the softmax's sum and in nothing else.")),
    rotary: Type.Optional(RotaryBody),
    dropout: Type.Optional(
      Type.Object(
        {
          p: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
          seed: Type.Optional(whole(0, maxSeed, 'Seed of the mask.', { default: 42 })),
        },
        { ...strict, description: 'Drawn as PyTorch draws it over (batch, heads, query, key).' },
      ),
    ),
    return: Type.Optional(
      Type.Array(literals(givenReturns), {
        minItems: 1,
        maxItems: givenReturns.length,
        description:
          'What the answer holds. Default: weights, context and summary; without values weights and summary.',
      }),
    ),
    heads: Type.Optional(heads({ description: 'A head.' })),
    rows: Type.Optional(firstAndLast('The first and the last.', { description: 'A query.' })),
    keys_range: Type.Optional(
      firstAndLast('Only these keys of maps: the first and the last.', { description: 'A key.' }),
    ),
    tensor_format: Type.Optional(TensorFormatBody),
    engine: Type.Optional(EngineNameBody),
    tokens: Type.Optional(tokens('Labels of the queries.')),
    key_tokens: Type.Optional(tokens('Labels of the keys; default those of the queries where there are as many.')),
  },
  { ...strict, title: 'ScaledDotProductRequest' },
)

export type ScaledDotProductRequest = Static<typeof ScaledDotProductBody>
export type MaskRequest = Static<typeof MaskBody>
export type RotaryRequest = Static<typeof RotaryBody>
