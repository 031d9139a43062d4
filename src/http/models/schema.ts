import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { tensorFormats } from '../../attention/presentation.ts'
import { engineNames } from '../../engines/engine.ts'
import { maxLength, strict } from '../schemas/common.ts'

/** What an answer about a model can hold. */
export const modelReturns = [
  'summary',
  'weights',
  'scores',
  'queries',
  'keys',
  'values',
  'context_heads',
  'context',
  'similarity',
  'top_keys',
  'received',
  'next_tokens',
  'hidden_states',
] as const
export type ModelReturn = (typeof modelReturns)[number]

const literals = <Name extends string>(names: readonly Name[], options: object = {}) =>
  Type.Union(
    names.map((name) => Type.Literal(name)),
    options,
  )
const signed = Type.Integer({ minimum: -65_536, maximum: 65_536 })
const range = (what: string) =>
  Type.Optional(
    Type.Array(signed, {
      minItems: 2,
      maxItems: 2,
      description: `Only these ${what}: first and last; negative from the end.`,
    }),
  )

const textFields = {
  text: Type.Optional(Type.String({ maxLength: 4_000_000, description: 'Tokenized as the model does it.' })),
  token_ids: Type.Optional(
    Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 1_000_000, description: 'Instead of text.' }),
  ),
  messages: Type.Optional(
    Type.Array(
      Type.Object({ role: Type.String({ maxLength: 64 }), content: Type.String({ maxLength: 4_000_000 }) }, strict),
      { maxItems: 1000, description: "Instead of text: a chat, written by the model's own template." },
    ),
  ),
  special_tokens: Type.Optional(
    Type.Boolean({ default: true, description: 'Whether the tokenizer adds its special tokens to the text.' }),
  ),
}

export const TokenizeBody = Type.Object(textFields, { ...strict, title: 'TokenizeRequest' })

export const ModelAttentionBody = Type.Object(
  {
    ...textFields,
    layers: Type.Optional(
      Type.Union([Type.Literal('all'), Type.Array(signed, { minItems: 1, maxItems: 10_000, uniqueItems: true })], {
        description: 'Default all; negative from the end.',
      }),
    ),
    heads: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: maxLength }), {
        minItems: 1,
        maxItems: 10_000,
        uniqueItems: true,
        description: 'Of each layer; default all.',
      }),
    ),
    pairs: Type.Optional(
      Type.Array(Type.Array(signed, { minItems: 2, maxItems: 2 }), {
        minItems: 1,
        maxItems: 10_000,
        description: 'Instead of layers and heads: [layer, head] each.',
      }),
    ),
    rows: range('query positions'),
    keys_range: range('key positions of maps'),
    return: Type.Optional(
      Type.Array(literals(modelReturns), {
        minItems: 1,
        maxItems: modelReturns.length,
        default: ['summary'],
        description: 'What the answer holds.',
      }),
    ),
    top_keys: Type.Optional(
      Type.Object(
        {
          k: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 8 })),
          min_weight: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.005 })),
        },
        strict,
      ),
    ),
    engine: Type.Optional(
      literals(engineNames, { description: 'Solves the layers; reference runs the model in float64, too.' }),
    ),
    tensor_format: Type.Optional(literals(tensorFormats, { default: 'nested' })),
  },
  { ...strict, title: 'ModelAttentionRequest' },
)

export type ModelAttentionRequest = Static<typeof ModelAttentionBody>
export type TokenizeRequest = Static<typeof TokenizeBody>
