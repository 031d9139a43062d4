import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { engineNames } from '../../engines/engine.ts'
import { headPatterns } from './head-patterns.ts'
import { strict } from '../schemas/common.ts'

export const ProbeBody = Type.Object(
  {
    sequences: Type.Optional(
      Type.Integer({ minimum: 2, maximum: 100, default: 8, description: 'What intervals are over.' }),
    ),
    length: Type.Optional(
      Type.Integer({
        minimum: 8,
        maximum: 4096,
        default: 25,
        description: 'Different random tokens of a sequence, which are then repeated once.',
      }),
    ),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, default: 0 })),
    confidence: Type.Optional(Type.Number({ minimum: 0.5, maximum: 0.999, default: 0.95 })),
    engine: Type.Optional(Type.Union(engineNames.map((name) => Type.Literal(name)))),
  },
  { ...strict, title: 'ModelProbeRequest' },
)
export type ProbeRequest = Static<typeof ProbeBody>

const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()])
const Estimate = Type.Object({
  mean: orNull(Type.Number()),
  sd: orNull(Type.Number()),
  interval: orNull(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 })),
  method: orNull(Type.String()),
})
const each = <Schema extends Parameters<typeof Type.Object>[0][string]>(schema: Schema) =>
  Object.fromEntries(headPatterns.map(({ onTheWire }) => [onTheWire, schema]))
const label = Type.Union(headPatterns.map(({ onTheWire }) => Type.Literal(onTheWire)))

export const ProbeAnswer = Type.Object(
  {
    model: Type.Record(Type.String(), Type.Unknown()),
    sequences: Type.Integer(),
    length: Type.Integer(),
    tokens: Type.Integer({ description: 'Of each sequence, with its repeat and the special tokens about it.' }),
    seed: Type.Integer(),
    confidence: Type.Number(),
    label_rule: Type.Object({ least_weight: Type.Number(), times_uniform: Type.Number() }),
    labelled: Type.Array(Type.Object({ layer: Type.Integer(), head: Type.Integer(), label })),
    layers: Type.Array(
      Type.Object({
        layer: Type.Integer(),
        uniform: Type.Object(each(orNull(Type.Number())), { description: 'Of equal weights on the same rows.' }),
        heads: Type.Array(Type.Object({ head: Type.Integer(), ...each(Estimate), label: orNull(label) })),
      }),
    ),
    engine: Type.Unknown(),
  },
  { title: 'ModelProbeAnswer' },
)
