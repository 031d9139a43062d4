import { inputShape } from '../attention/request.ts'
import type { AttentionResult } from '../attention/result.ts'
import { headDim, outputDim } from '../sources/chapter-3/spec.ts'
import { weightStatistics } from '../statistics/summary.ts'
import type { WeightStatistic } from '../statistics/summary.ts'
import type { ArrayView } from './array-view.ts'
import { headsView, mapsView, pairsView, positionsView, tensorView } from './array-view.ts'
import { selectionOf } from './selection.ts'
import { wireName } from './wire-names.ts'

/** An answer's members by their names on the wire, in order: plain values, arrays, or groups of arrays. */
export type Member =
  | { readonly plain: unknown }
  | { readonly array: ArrayView }
  | { readonly group: readonly (readonly [name: string, member: Member])[] }
export type Answer = readonly (readonly [name: string, member: Member])[]

/** What a result says on the wire: api.md's names, the request's selection of heads and rows applied. */
export function answerOf(result: AttentionResult): Answer {
  const { request, output } = result
  const { returns } = request
  const selection = selectionOf(request, inputShape(request)[1])
  const members: [string, Member][] = [
    ['model', { plain: modelOf(result) }],
    [
      'input',
      returns.has('input')
        ? {
            group: [
              ['shape', { plain: result.input.shape }],
              ['values', { array: tensorView(result.input) }],
            ],
          }
        : { plain: { shape: result.input.shape } },
    ],
    ['mode', { plain: request.mode }],
  ]
  const add = (name: string, array: ArrayView): void => {
    members.push([name, { array }])
  }
  if (request.tokens !== null) members.push(['tokens', { plain: request.tokens }])
  if (result.parameters)
    members.push([
      'parameters',
      { group: [...result.parameters].map(([name, tensor]) => [name, { array: tensorView(tensor) }] as const) },
    ])
  if (output.queries) add('queries', headsView(output.queries, selection, true))
  if (output.keys) add('keys', headsView(output.keys, selection, false))
  if (output.values) add('values', headsView(output.values, selection, false))
  if (output.scores) add('scores', mapsView(output.scores, selection))
  if (output.weights && returns.has('weights')) add('weights', mapsView(output.weights, selection))
  if (output.contextHeads) add('context_heads', headsView(output.contextHeads, selection, true))
  if (returns.has('context')) add('context', positionsView(output.context, selection))
  if (result.summary) members.push(['summary', { plain: summaryOf(result, selection.heads) }])
  if (result.similarity) {
    const { pearson, rowCenteredPearson, jsDivergence } = result.similarity
    members.push([
      'similarity',
      {
        group: [
          ['pearson', { array: pairsView(pearson, selection) }],
          ['row_centered_pearson', { array: pairsView(rowCenteredPearson, selection) }],
          ['js_divergence', { array: pairsView(jsDivergence, selection) }],
        ],
      },
    ])
  }
  const { maxRowSumError, maxHiddenWeight, finite } = result.checks
  members.push(
    ['checks', { plain: { max_row_sum_error: maxRowSumError, max_future_weight: maxHiddenWeight, finite } }],
    ['engine', { plain: result.engine }],
  )
  return members
}

function modelOf({ request, numParameters }: AttentionResult): Record<string, unknown> {
  const { spec, parameters } = request
  return {
    kind: spec.kind,
    d_in: spec.dIn,
    d_out: spec.dOut,
    context_length: spec.contextLength,
    num_heads: spec.numHeads,
    head_dim: headDim(spec),
    output_dim: outputDim(spec),
    num_parameters: numParameters,
    dropout: spec.dropout,
    qkv_bias: spec.qkvBias,
    ...(spec.kind === 'multi-head-wrapper' ? { out_proj: spec.outProj } : {}),
    ...('seed' in parameters ? { seed: parameters.seed } : {}),
  }
}

const statisticNames = weightStatistics.map((name) => [name, wireName(name)] as const)

function summaryOf({ summary }: AttentionResult, heads: readonly number[]): Record<string, unknown> {
  const { weights, uniform, context } = summary!
  const named = (value: (name: WeightStatistic) => unknown): Record<string, unknown> => {
    const named: Record<string, unknown> = {}
    for (const [name, onTheWire] of statisticNames) named[onTheWire] = value(name)
    return named
  }
  return {
    weights: { ...named((name) => heads.map((head) => weights[name][head])), uniform: named((name) => uniform[name]) },
    context: { min: context.min, max: context.max, mean: context.mean, std: context.std, norm_mean: context.normMean },
  }
}
