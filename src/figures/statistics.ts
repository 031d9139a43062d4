import { wireName } from '../encoders/wire-names.ts'
import type { AttentionResult } from '../attention/result.ts'
import { isDefined, itemStatistics, uniformStatistics, weightStatistics } from '../statistics/summary.ts'
import type { Visibility } from '../problem/visibility.ts'
import type { WeightStatistic } from '../statistics/summary.ts'
import { inWords, shortest } from './numbers.ts'
import type { ResolvedSelection } from './selection.ts'
import { vegaLiteSchema } from './spec.ts'
import type { VegaLiteSpec } from './spec.ts'
import { theme } from './theme.ts'
import { figureTitle } from './title.ts'
import { cautionOf, headWords, provenance } from './words.ts'

const panelWidth = 180
const columns = 4

const units: Partial<Record<WeightStatistic, string>> = { entropy: 'nats', distance: 'positions' }

/** Every head's statistics, each held against its value under uniform causal attention at the same length. */
export function statisticsFigure(result: AttentionResult, selection: ResolvedSelection): VegaLiteSpec {
  const { heads, item } = selection
  const rows = result.output.rowStatistics!
  const uniform = uniformStatistics(rows.visibility)
  const defined = weightStatistics.filter((name) => isDefined(name, rows.visibility))
  const values = defined.flatMap((name) =>
    heads.map((head) => {
      const value =
        item === null ? result.summary!.weights[name][head]! : (itemStatistics(rows, item, head)?.[name] ?? null)
      return { statistic: panelTitle(name), head, value: rounded(value), uniform: rounded(uniform[name]) }
    }),
  )
  const { size, visibility } = result
  const title = [
    'Statistics of attention against uniform attention',
    ...(size.heads > 1 ? [headWords(heads, size.heads)] : []),
  ].join(', ')
  const shared = {
    $schema: vegaLiteSchema,
    title: figureTitle(
      title,
      [provenance(result, item), legendWords(visibility), cautionOf(result.source)],
      columns * (panelWidth + 30),
    ),
    config: theme,
  }
  if (values.every(({ value }) => value === null))
    return { ...shared, ...nothing(title, rows.visibility) } as unknown as VegaLiteSpec
  const normalized = heads
    .slice(0, 8)
    .map(
      (head) =>
        `head ${head} ${inWords(values.find((row) => row.head === head && row.statistic === 'normalized_entropy')!.value)}`,
    )
  const step = Math.max(9, Math.min(22, Math.floor(640 / heads.length)))
  // Not for all layers: the line of uniform attention goes through all heads.
  const ofHead = {
    y: {
      field: 'head',
      type: 'ordinal',
      sort: heads,
      axis: {
        title: 'head',
        grid: false,
        ticks: false,
        values: heads.filter((_, at) => at % Math.ceil(12 / step) === 0),
      },
    },
    tooltip: [
      { field: 'statistic', type: 'nominal' },
      { field: 'head', type: 'ordinal' },
      { field: 'value', type: 'quantitative', format: '.4~f' },
      { field: 'uniform', type: 'quantitative', title: 'under uniform attention', format: '.4~f' },
    ],
  }
  return {
    ...shared,
    description: `${title}. One panel a statistic: ${defined.map(wireName).join(', ')}; a dot a head, a dashed line for uniform attention. Normalized entropy, where uniform attention has 1: ${normalized.join(', ')}.`,
    data: { values },
    facet: { field: 'statistic', type: 'nominal', sort: defined.map(panelTitle), header: { title: null } },
    columns,
    spec: {
      width: panelWidth,
      height: Math.max(2 * step, heads.length * step),
      encoding: {
        x: {
          field: 'value',
          type: 'quantitative',
          scale: { zero: false, nice: true, padding: 12 },
          axis: { title: null, tickCount: 4, format: '~g', grid: true },
        },
      },
      layer: [
        {
          mark: { type: 'rule', aria: false, style: 'baseline', strokeDash: [4, 3], strokeWidth: 1.5 },
          encoding: { x: { field: 'uniform', type: 'quantitative', aggregate: 'mean' } },
        },
        {
          mark: { type: 'rule', aria: false, style: 'observed', strokeWidth: 2, opacity: 0.45 },
          encoding: { x2: { field: 'uniform' }, ...ofHead },
        },
        {
          mark: { type: 'point', aria: false, style: 'observed', filled: true, size: 55, opacity: 1 },
          encoding: ofHead,
        },
      ],
    },
    resolve: { scale: { x: 'independent' } },
  } as unknown as VegaLiteSpec
}

function legendWords({ kind }: Visibility): string {
  return kind === 'causal'
    ? 'Dot: the head. Dashed line: uniform causal attention at this length. Means over rows i \u2265 1.'
    : 'Dot: the head. Dashed line: equal weights on all keys that a row sees. Means over rows that see at least two.'
}

/** Where no row sees two keys there is none to average. */
function nothing(title: string, { keys, count }: Visibility): Record<string, unknown> {
  const text = whyNothing(keys, count)
  return {
    description: `${title}. ${text}`,
    data: { values: [{ note: text }] },
    width: 420,
    height: 60,
    view: { stroke: null },
    mark: { type: 'text', style: 'note', fontSize: 12 },
    encoding: { text: { field: 'note', type: 'nominal' } },
  }
}

function whyNothing(keys: number, count: Int32Array): string {
  if (keys < 2) return 'One position has no row i \u2265 1, so every statistic is null.'
  return count.every((seen) => seen < 2)
    ? 'No row sees two keys, so every statistic is null.'
    : 'No statistic is finite.'
}

function panelTitle(name: WeightStatistic): string {
  const unit = units[name]
  return unit === undefined ? wireName(name) : `${wireName(name)} (${unit})`
}

/** Statistics are computed in float64; the answer's JSON rounds as it likes, a picture needs no more than this. */
function rounded(value: number | null): number | null {
  return value === null ? null : shortest(Math.fround(value))
}
