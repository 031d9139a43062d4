import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { experimentKinds } from '../../experiments/kinds.ts'
import { EngineIdentityBody } from '../schemas/engines.ts'
import { names } from './bodies.ts'

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
    experiment: names(experimentKinds),
    config: Type.Object({}, { additionalProperties: true, description: 'The request with its defaults filled in.' }),
    unit: Type.String({ description: 'What is averaged over, and the first field of a row: seed.' }),
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
