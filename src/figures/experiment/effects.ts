import type { Comparison, Report } from '../../experiments/report.ts'
import { ServiceError } from '../../errors.ts'
import { inWords } from '../numbers.ts'
import { wireName } from '../../encoders/wire-names.ts'
import { effectAxis, interval, referenceLine } from './marks.ts'

const columns = 3
const panelWidth = 190

/** More than this many comparisons (a request for dozens of numbers of heads) are a table, not a picture. */
const mostComparisons = 1000

/**
 * Every comparison of two arms: one panel a statistic, a row a pair, the mean difference with its interval beside 0.
 * Throws `figure-too-large`.
 */
export function effectsPanel(report: Report): Record<string, unknown>[] {
  const shown = defined(report)
  if (shown.length === 0) return []
  if (shown.length > mostComparisons) {
    throw new ServiceError(
      'figure-too-large',
      `A picture of ${shown.length} comparisons is not legible; ask for fewer arms, or for the report as JSON`,
      {
        extra: { comparisons: shown.length, limit_comparisons: mostComparisons },
      },
    )
  }
  const statistics = [...new Set(shown.map(({ statistic }) => wireName(statistic)))]
  const pairs = [...new Set(shown.map(pairOf))]
  const long = inTwoLines(pairs)
  const step = pairs.length > 12 ? 13 : long ? 30 : 20
  // Not for all layers: the reference line goes through all pairs.
  const y = {
    field: 'pair',
    type: 'nominal',
    sort: pairs,
    axis: { title: null, grid: false, ticks: false, ...(long ? { labelExpr: twoLines, labelOffset: -6 } : {}) },
  }
  return [
    {
      title: { text: 'Every effect: difference of two arms, paired by seed', anchor: 'start', fontSize: 12, offset: 6 },
      data: { values: shown.map(rowOf) },
      facet: { field: 'statistic', type: 'nominal', sort: statistics, header: { title: null } },
      columns,
      spec: {
        width: panelWidth,
        height: Math.max(30, step * pairs.length),
        encoding: {
          x: { type: 'quantitative', scale: { zero: true, nice: true, padding: 10 }, axis: effectAxis(null, 4) },
        },
        layer: [
          referenceLine(0),
          ...interval({ y }, [
            { field: 'statistic', type: 'nominal' },
            { field: 'pair', type: 'nominal' },
            { field: 'mean', type: 'quantitative', title: 'mean difference', format: '.4~g' },
            { field: 'interval', type: 'nominal' },
            { field: 'dz', type: 'quantitative', title: 'effect size d_z', format: '.3~g' },
            { field: 'positive', type: 'quantitative', title: 'share of seeds above 0', format: '.1%' },
            { field: 'seeds', type: 'quantitative', title: 'seeds for 80 % power' },
          ]),
        ],
      },
      resolve: { scale: { x: 'independent' } },
    },
  ]
}

/** The labels left of the panels, line by line. */
export function effectLabels(report: Report): string[] {
  const pairs = [...new Set(defined(report).map(pairOf))]
  return inTwoLines(pairs) ? defined(report).flatMap(({ arm, baseline }) => [arm, `\u2212 ${baseline}`]) : pairs
}

/** A pair with long names takes two lines, broken at the minus. */
const twoLines =
  "[slice(datum.value, 0, indexof(datum.value, ' \u2212')), slice(datum.value, indexof(datum.value, ' \u2212') + 1)]"

function defined({ comparisons }: Report): Comparison[] {
  return comparisons.filter(({ meanDifference }) => meanDifference !== null)
}

function inTwoLines(pairs: readonly string[]): boolean {
  return pairs.length <= 12 && pairs.some((pair) => pair.length > 16)
}

function pairOf({ arm, baseline }: Comparison): string {
  return `${arm} \u2212 ${baseline}`
}

/** Differences that are rounding alone are drawn at 0: their digits mean nothing. */
function rowOf(comparison: Comparison): Record<string, unknown> {
  const { statistic, equalUpToRounding, confidenceInterval } = comparison
  const [low, high] = equalUpToRounding ? [0, 0] : (confidenceInterval ?? [null, null])
  return {
    statistic: wireName(statistic),
    pair: pairOf(comparison),
    mean: equalUpToRounding ? 0 : comparison.meanDifference,
    low,
    high,
    interval: equalUpToRounding
      ? 'equal up to rounding'
      : low === null
        ? 'none'
        : `${inWords(low)} to ${inWords(high)}`,
    dz: equalUpToRounding ? null : comparison.effectSizeDz,
    positive: equalUpToRounding ? null : comparison.sharePositive,
    seeds: equalUpToRounding ? null : comparison.seedsFor80PercentPower,
  }
}
