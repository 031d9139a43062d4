import type { Presentation } from '../attention/presentation.ts'
import type { AttentionResult } from '../attention/result.ts'
import type { DescribedMember } from '../sources/source.ts'
import { weightStatistics } from '../statistics/summary.ts'
import type { WeightStatistic } from '../statistics/summary.ts'
import type { ArrayView } from './array-view.ts'
import { keysView, mapsView, pairsView, positionsView, productsView, queriesView, tensorView } from './array-view.ts'
import { selectionOf } from './selection.ts'
import type { Selection } from './selection.ts'
import { wireName } from './wire-names.ts'

/** An answer's members by their names on the wire, in order: plain values, arrays, or groups of arrays. */
export type Member =
  | { readonly plain: unknown }
  | { readonly array: ArrayView }
  | { readonly group: readonly (readonly [name: string, member: Member])[] }
export type Answer = readonly (readonly [name: string, member: Member])[]

/** What a result says on the wire, of what is to be shown: where it comes from, what it holds, checks and engine. */
export function answerOf(result: AttentionResult, presentation: Presentation): Answer {
  const { tokens, keyTokens } = presentation
  const members: [string, Member][] = result.source.members.map(([name, member]) => [
    name,
    describedMember(member, result),
  ])
  if (tokens !== null) members.push(['tokens', { plain: tokens }])
  if (keyTokens !== null && keyTokens !== tokens) members.push(['key_tokens', { plain: keyTokens }])
  members.push(...layerMembers(result, selectionOf(presentation, result.size)), ['engine', { plain: result.engine }])
  return members
}

function describedMember(member: DescribedMember, { returns, inputs }: AttentionResult): Member {
  if ('plain' in member) return member
  const shape: Member = { plain: member.shape }
  if (!returns.has('input')) return { plain: { shape: member.shape } }
  return {
    group: [
      ['shape', shape],
      ['values', { array: tensorView(inputs.get(member.input)!) }],
    ],
  }
}

/** What one layer came to: its arrays, its statistics and its checks. */
export function layerMembers(result: AttentionResult, selection: Selection): [string, Member][] {
  const { returns, output } = result
  const members: [string, Member][] = []
  const add = (name: string, array: ArrayView): void => {
    members.push([name, { array }])
  }
  if (result.parameters)
    members.push([
      'parameters',
      { group: [...result.parameters].map(([name, tensor]) => [name, { array: tensorView(tensor) }] as const) },
    ])
  if (output.queries) add('queries', queriesView(output.queries, selection))
  if (output.keys) add('keys', keysView(output.keys, selection))
  if (output.values) add('values', keysView(output.values, selection))
  if (output.products) add('products', productsView(output.products, selection))
  if (output.scores) add('scores', mapsView(output.scores, selection))
  if (output.weights && returns.has('weights')) add('weights', mapsView(output.weights, selection))
  if (output.contextHeads && returns.has('context_heads'))
    add('context_heads', queriesView(output.contextHeads, selection))
  if (returns.has('context'))
    add(
      'context',
      result.source.contextByHead
        ? queriesView(output.contextHeads!, selection)
        : positionsView(output.context, selection),
    )
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
  const { maxRowSumError, maxHiddenWeight, emptyRows, finite } = result.checks
  members.push([
    'checks',
    {
      plain: {
        max_row_sum_error: maxRowSumError,
        max_future_weight: maxHiddenWeight,
        ...(result.source.masks ? { empty_rows: emptyRows } : {}),
        finite,
      },
    },
  ])
  return members
}

const statisticNames = weightStatistics.map((name) => [name, wireName(name)] as const)

function summaryOf({ summary }: AttentionResult, heads: readonly number[]): Record<string, unknown> {
  const { weights, uniform, sinkWeight, context } = summary!
  const named = (value: (name: WeightStatistic) => unknown): Record<string, unknown> => {
    const named: Record<string, unknown> = {}
    for (const [name, onTheWire] of statisticNames) named[onTheWire] = value(name)
    return named
  }
  return {
    weights: {
      ...named((name) => heads.map((head) => weights[name][head])),
      ...(sinkWeight === null ? {} : { sink_weight: heads.map((head) => sinkWeight[head]) }),
      uniform: named((name) => uniform[name]),
    },
    context:
      context === null
        ? null
        : {
            min: context.min,
            max: context.max,
            mean: context.mean,
            std: context.std,
            norm_mean: context.normMean,
          },
  }
}
