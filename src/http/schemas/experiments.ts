import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { experimentReturns } from '../../encoders/experiment.ts'
import type { ExperimentReturn } from '../../encoders/experiment.ts'
import type { EngineName } from '../../engines/engine.ts'
import { armNames, defaults, pairings } from '../../experiments/config.ts'
import type { ArmName, Pairing } from '../../experiments/config.ts'
import { EngineIdentityBody, EngineNameBody, FlatInput, NestedInput } from './attention.ts'
import { Base64Tensor, maxLength, maxSeed, readByHand, strict } from './common.ts'

const length = (value: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: maxLength, default: value, description }))
const names = <T extends string>(values: readonly T[], options: object = {}) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    options,
  )

const maxArmCount = 16

const modelFields = (of: { dIn: number; dOut: number; dropout: number }) => ({
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
const InputBody = (of: { batch: number; seqLen: number }, title: string) =>
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

const experimentBody = (model: TSchema, input: TSchema, more: Record<string, TSchema>, title: string) =>
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

/** The bodies of the two experiments; `{}` is the study's configuration. */
export const ExperimentBodies = {
  bias: experimentBody(
    Type.Object(modelFields(defaults.bias), strict),
    InputBody(defaults.bias.input, 'BiasRandomInput'),
    {
      arms: Type.Optional(
        Type.Array(names(armNames), {
          minItems: 1,
          maxItems: armNames.length,
          uniqueItems: true,
          default: armNames,
          description: 'Which projections have a bias. The claims compare qkv with none, whatever is listed.',
        }),
      ),
    },
    'BiasExperimentRequest',
  ),
  heads: experimentBody(
    Type.Object(
      {
        ...modelFields(defaults.heads),
        num_heads: Type.Optional(
          Type.Array(Type.Integer({ minimum: 1, maximum: maxLength }), {
            minItems: 2,
            maxItems: maxArmCount,
            uniqueItems: true,
            default: defaults.heads.numHeads,
            description:
              'Numbers of heads to compare, each a divisor of d_out; the claims compare the first with the last.',
          }),
        ),
      },
      strict,
    ),
    InputBody(defaults.heads.input, 'HeadsRandomInput'),
    {},
    'HeadsExperimentRequest',
  ),
} as const

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

const nullable = (schema: TSchema, options: object = {}) => Type.Union([schema, Type.Null()], options)
const value = nullable(Type.Number())
const Interval = nullable(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 }), {
  description: 'Low and high; null below two seeds.',
})
const Method = nullable(names(['t', 'bootstrap-t']), {
  description: "Student's t, or a seeded bootstrap-t where the values are too skewed for it.",
})
const Statistic = { mean: value, sd: value, confidence_interval: Interval, method: Method }

/** The report of either experiment. */
export const ExperimentAnswer = Type.Object(
  {
    experiment: names(['bias', 'heads']),
    config: Type.Object({}, { additionalProperties: true, description: 'The request with its defaults filled in.' }),
    seeds: Type.Object({ count: Type.Integer() }),
    arms: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), statistics: Type.Record(Type.String(), Type.Object(Statistic)) })),
    ),
    comparisons: Type.Optional(
      Type.Array(
        Type.Object({
          arm: Type.String(),
          baseline: Type.String(),
          statistic: Type.String(),
          mean_difference: value,
          confidence_interval: Interval,
          method: Method,
          effect_size_dz: nullable(Type.Number(), {
            description: 'Mean over standard deviation of the paired differences; null for rounding alone.',
          }),
          share_positive: value,
          seeds_for_80_percent_power: value,
          equal_up_to_rounding: Type.Boolean({
            description: 'The arms are equal; what is left is the rounding of float32.',
          }),
        }),
        { description: 'Differences of two arms, paired by seed.' },
      ),
    ),
    similarity: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({
          ...Statistic,
          null: Type.Object(
            {
              draws: Type.Integer(),
              mean: value,
              sd: value,
              percentile: nullable(Type.Number(), {
                description: 'Share of the draws at or below the observed mean, 0 to 1.',
              }),
            },
            { description: 'The same of heads whose weights are drawn independently.' },
          ),
        }),
        { description: 'Heads only: pearson, row_centered_pearson, js_divergence of the heads of the first arm.' },
      ),
    ),
    claims: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          statement: Type.String(),
          verdict: names(['supported', 'refuted', 'not_distinguishable']),
          statistic: Type.String(),
          effect: value,
          confidence_interval: Interval,
          evidence: Type.String(),
          details: Type.Optional(Type.Record(Type.String(), value)),
        }),
        { description: "The study's claims, judged." },
      ),
    ),
    invariants: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          statement: Type.String(),
          max_deviation: Type.Number(),
          tolerance: Type.Number(),
          holds: Type.Boolean(),
        }),
        { description: 'Exact algebra, measured in this run.' },
      ),
    ),
    notebook: Type.Optional(
      Type.Object(
        {
          seed: Type.Integer(),
          pytorch: Type.String(),
          head_correlation: value,
          context_difference: value,
          context_difference_whole_batch: value,
          bias: Type.Record(Type.String(), Type.Record(Type.String(), value)),
          heads: Type.Record(Type.String(), Type.Record(Type.String(), value)),
          head_correlation_percentile: nullable(Type.Number(), {
            description: 'Where head_correlation lies among pairs of independent heads; heads only, at its size.',
          }),
        },
        { description: "The study's own run, reproduced." },
      ),
    ),
    cautions: Type.Optional(Type.Array(Type.String())),
    engine: EngineIdentityBody,
    rows: Type.Optional(
      Type.Array(
        Type.Object(
          { seed: Type.Integer(), arm: Type.String() },
          {
            // Any, and not numbers or null: generators in Go do not compile what they make of that.
            additionalProperties: true,
            description: 'The statistics of one arm with one seed, by their names: each a number or null.',
          },
        ),
      ),
    ),
  },
  { title: 'ExperimentAnswer' },
)
