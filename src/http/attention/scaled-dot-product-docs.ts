import { Type } from '@sinclair/typebox'
import { AnswerTensor, literals, maxLength, maxSeed } from '../schemas/common.ts'
import { EngineIdentityBody, EngineNameBody } from '../schemas/engines.ts'
import { nullable, statistic, statistics } from './answers.ts'
import { givenReturns } from './scaled-dot-product-schema.ts'

const maps = (description: string) => Type.Optional(AnswerTensor(4, description))

/** The answer of POST /attention/scaled-dot-product. */
export const ScaledDotProductAnswer = Type.Object(
  {
    problem: Type.Record(Type.String(), Type.Unknown(), {
      description:
        'What was computed: batch, heads, kv_heads, query_len, key_len, head_dim, value_dim, scale and the rules.',
    }),
    tokens: Type.Optional(Type.Array(Type.String())),
    key_tokens: Type.Optional(Type.Array(Type.String())),
    queries: maps('(batch, heads, query, head_dim), after rotary positions'),
    keys: maps('(batch, kv_heads, key, head_dim), after rotary positions'),
    values: maps('(batch, kv_heads, key, value_dim)'),
    products: maps('(batch, heads, query, key): q . k before the scale, at every position, hidden ones too'),
    scores: maps('(batch, heads, query, key): after scale, soft cap, bias and slopes; hidden positions are null'),
    weights: maps('(batch, heads, query, key), before dropout; 0 at hidden positions and in rows that see no key'),
    context: maps('(batch, heads, query, value_dim)'),
    summary: Type.Optional(
      Type.Object({
        weights: Type.Object({
          ...statistics(statistic),
          sink_weight: Type.Optional(statistic),
          uniform: Type.Object(statistics(nullable(Type.Number()))),
        }),
        context: nullable(Type.Record(Type.String(), nullable(Type.Number()))),
      }),
    ),
    similarity: Type.Optional(Type.Record(Type.String(), AnswerTensor(3, '(batch, heads, heads)'))),
    checks: Type.Object({
      max_row_sum_error: nullable(Type.Number()),
      max_future_weight: nullable(Type.Number()),
      empty_rows: Type.Integer({ description: 'Rows that see no key, over batch and heads.' }),
      finite: Type.Boolean(),
    }),
    engine: EngineIdentityBody,
  },
  { title: 'ScaledDotProductAnswer' },
)

export const scaledDotProductDescription =
  'Attention of your own queries, keys and values under your own rules. The order is fixed: rotary positions, q . k, scale, softcap, bias and ALiBi, mask, softmax with sinks, dropout, values. A row that sees no key gives zeros.'

const whole = (minimum: number, maximum: number, text: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description: text }))
const lengths = (text: string) =>
  Type.Array(Type.Integer({ minimum: 1, maximum: maxLength }), { minItems: 2, maxItems: 4, description: text })
const numbers = (text: string) => Type.Optional(Type.Array(Type.Number(), { minItems: 1, description: text }))
const labels = Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { minItems: 1 }))

/** The query parameters of the link. */
export const scaledDotProductQueryBody = {
  q: lengths('Shape of the queries, drawn as torch.randn draws them.'),
  k: lengths('Shape of the keys.'),
  v: Type.Optional(lengths('Shape of the values.')),
  q_seed: whole(0, maxSeed, 'Default 42.'),
  k_seed: whole(0, maxSeed, 'Default 43.'),
  v_seed: whole(0, maxSeed, 'Default 44.'),
  scale: Type.Optional(Type.Number()),
  softcap: Type.Optional(Type.Number()),
  causal: Type.Optional(Type.Boolean()),
  alignment: Type.Optional(Type.String({ description: 'upper_left, lower_right or a whole number.' })),
  window: Type.Optional(Type.String({ description: 'left,right; an empty side is unbounded.' })),
  key_lengths: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 })),
  alibi_slopes: Type.Optional(Type.String({ description: 'standard, or a number a head.' })),
  sinks: numbers('A number a head.'),
  rotary_theta: Type.Optional(Type.Number()),
  rotary_dim: whole(2, maxLength, 'Dimensions that are turned.'),
  rotary_interleaved: Type.Optional(Type.Boolean()),
  rotary_offset: whole(0, maxLength, 'Added to every position.'),
  dropout: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })),
  dropout_seed: whole(0, maxSeed, 'Seed of the dropout mask; default 42.'),
  return: Type.Optional(Type.Array(literals(givenReturns), { minItems: 1 })),
  heads: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 })),
  tensor_format: Type.Optional(literals(['nested', 'flat', 'base64'])),
  engine: Type.Optional(EngineNameBody),
  tokens: labels,
  key_tokens: labels,
}
