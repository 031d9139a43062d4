import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { experimentReturns } from '../../encoders/experiment.ts'
import type { ExperimentReturn } from '../../encoders/experiment.ts'
import type { EngineName } from '../../engines/engine.ts'
import type { ArmName } from '../../experiments/bias/config.ts'
import { defaults, pairings } from '../../experiments/config.ts'
import type { Pairing } from '../../experiments/config.ts'
import { FlatInput, NestedInput } from '../attention/input.ts'
import { EngineNameBody } from '../schemas/engines.ts'
import { Base64Tensor, maxLength, maxSeed, readByHand, strict } from '../schemas/common.ts'

const length = (value: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: maxLength, default: value, description }))
export const names = <T extends string>(values: readonly T[], options: object = {}) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    options,
  )

/** The members of a model that every experiment has. */
export const modelFields = (of: { dIn: number; dOut: number; dropout: number }) => ({
  d_in: length(of.dIn, 'Width of the input vectors.'),
  d_out: length(of.dOut, 'Width of the output of all heads together.'),
  dropout: Type.Optional(
    Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: of.dropout,
      description: 'Part of the model; the experiments run in eval mode, where it does nothing.',
    }),
  ),
})

/** Fresh normals for each seed, or given values. */
export const InputBody = (of: { batch: number; seqLen: number }, title: string) =>
  Type.Union(
    [
      NestedInput,
      FlatInput,
      Base64Tensor,
      // Last: a client that tries one after the other would take anything for it, since it requires nothing.
      Type.Object(
        { batch: length(of.batch, 'Items of the batch.'), seq_len: length(of.seqLen, 'Positions of a sequence.') },
        { ...strict, title, description: 'Fresh standard normals for each seed.' },
      ),
    ],
    {
      [readByHand]: true,
      default: { batch: of.batch, seq_len: of.seqLen },
      description: 'Fresh normals for each seed, or values that every seed gets.',
    },
  )

const SeedsBody = Type.Union(
  [
    Type.Object(
      {
        list: Type.Array(Type.Integer({ minimum: 0, maximum: maxSeed }), {
          minItems: 1,
          description: 'Without repetitions.',
        }),
      },
      { ...strict, title: 'SeedList' },
    ),
    Type.Object(
      {
        first: Type.Optional(Type.Integer({ minimum: 0, maximum: maxSeed, default: defaults.seeds.first })),
        count: Type.Optional(Type.Integer({ minimum: 1, maximum: maxSeed, default: defaults.seeds.count })),
      },
      { ...strict, title: 'SeedRange' },
    ),
  ],
  { [readByHand]: true, default: defaults.seeds },
)

/** The body of an experiment: what all have, with its own model, input and members. */
export const experimentBody = (model: TSchema, input: TSchema, more: Record<string, TSchema>, title: string) =>
  Type.Object(
    {
      model: Type.Optional(model),
      input: Type.Optional(input),
      seeds: Type.Optional(SeedsBody),
      ...more,
      pairing: Type.Optional(
        names(pairings, {
          default: defaults.pairing,
          description:
            'parameters: one stream of random numbers a parameter, so that all arms of a seed have identical weights. notebook: each model right after manual_seed(seed), as the study drew.',
        }),
      ),
      confidence: Type.Optional(
        Type.Number({ minimum: 0.5, maximum: 0.999, default: defaults.confidence, description: 'Of every interval.' }),
      ),
      margin: Type.Optional(
        Type.Number({
          exclusiveMinimum: 0,
          maximum: 1,
          default: defaults.margin,
          description: 'What counts as practically identical.',
        }),
      ),
      engine: Type.Optional(EngineNameBody),
      return: Type.Optional(
        Type.Array(names(experimentReturns), {
          minItems: 1,
          maxItems: experimentReturns.length,
          default: ['report'],
          description: 'rows: one record a seed and arm.',
        }),
      ),
    },
    { ...strict, title },
  )

/** A body that Ajv has passed; parts read by hand are still unknown. */
export interface ExperimentBody {
  model?: { d_in?: number; d_out?: number; dropout?: number; num_heads?: number[] }
  input?: unknown
  seeds?: unknown
  arms?: ArmName[]
  pairing?: Pairing
  confidence?: number
  margin?: number
  engine?: EngineName
  return?: ExperimentReturn[]
}
