import type { Report, SimilarityReport } from '../../experiments/report.ts'
import { inWords } from '../numbers.ts'
import { wireName } from '../../encoders/wire-names.ts'
import { effectAxis, interval } from './marks.ts'

const panelWidth = 190

const independent = 'independent heads'
const observed = 'heads of one model'
const study = 'the study\u2019s run'

/**
 * Similarity of heads beside its null: what heads that have nothing to do with each other give. Empty without heads.
 */
export function nullPanel(report: Report): Record<string, unknown>[] {
  const measures = defined(report)
  if (measures.length === 0) return []
  const correlation = studyCorrelation(report)
  const rowNames = nullLabels(report)
  return [
    {
      title: {
        text: 'Similarity of heads beside its null',
        subtitle: [
          `Null: mean, \u00b1 1 and \u00b1 2 sd of ${measures[0]![1].null.draws} pairs of models drawn independently.`,
        ],
        anchor: 'start',
        fontSize: 12,
        offset: 6,
      },
      hconcat: measures.map(([name, measure], at) =>
        measurePanel(name, measure, rowNames, name === 'pearson' ? correlation : null, at === 0),
      ),
      spacing: 30,
    },
  ]
}

/** The labels left of the panels. */
export function nullLabels(report: Report): string[] {
  if (defined(report).length === 0) return []
  return [independent, observed, ...(studyCorrelation(report) === null ? [] : [study])]
}

function defined({ similarity }: Report): [name: string, measure: SimilarityReport][] {
  return Object.entries(similarity ?? {}).filter(([, { mean }]) => mean !== null)
}

/** The study's own correlation, where the experiment's heads are of its size. */
function studyCorrelation({ notebook }: Report): number | null {
  return notebook.headCorrelationPercentile === null ? null : notebook.headCorrelation
}

function measurePanel(
  name: string,
  measure: SimilarityReport,
  rowNames: readonly string[],
  correlation: number | null,
  first: boolean,
): Record<string, unknown> {
  const [low, high] = measure.confidenceInterval ?? [null, null]
  const { mean, sd, percentile } = measure.null
  const [least, greatest] = name === 'jsDivergence' ? ([0, 1] as const) : ([-1, 1] as const)
  const spread = (times: number): { low: number | null; high: number | null } =>
    mean === null || sd === null
      ? { low: null, high: null }
      : { low: Math.max(least, mean - times * sd), high: Math.min(greatest, mean + times * sd) }
  const y = {
    field: 'row',
    type: 'nominal',
    scale: { domain: rowNames },
    axis: first ? { title: null, grid: false, ticks: false } : null,
  }
  const nulls = [{ row: independent, mean, sd, ...spread(1), low2: spread(2).low, high2: spread(2).high }]
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { zero: false, nice: true, padding: 8 },
    axis: effectAxis(null, 4),
  })
  const tooltip = [
    { field: 'row', type: 'nominal', title: 'of' },
    { field: 'mean', type: 'quantitative', format: '.4~g' },
  ]
  const spreadTip = [...tooltip, { field: 'sd', type: 'quantitative', format: '.3~g' }]
  const at = percentile === null ? [] : [`${inWords(100 * percentile)} % of the null at or below`]
  return {
    title: { text: wireName(name), subtitle: at, anchor: 'middle', fontSize: 11, offset: 4 },
    width: panelWidth,
    height: 22 * rowNames.length,
    layer: [
      {
        data: { values: nulls },
        mark: { type: 'rule', aria: false, style: 'null', strokeWidth: 2 },
        encoding: { x: x('low2'), x2: { field: 'high2' }, y, tooltip: spreadTip },
      },
      {
        data: { values: nulls },
        mark: { type: 'rule', aria: false, style: 'null', strokeWidth: 9, opacity: 0.5 },
        encoding: { x: x('low'), x2: { field: 'high' }, y, tooltip: spreadTip },
      },
      {
        data: { values: nulls },
        mark: { type: 'tick', aria: false, style: 'null', thickness: 2, size: 16 },
        encoding: { x: x('mean'), y, tooltip: spreadTip },
      },
      { data: { values: [{ row: observed, mean: measure.mean, low, high }] }, layer: interval({ y }, tooltip) },
      ...(correlation === null
        ? []
        : [
            {
              data: { values: [{ row: study, mean: correlation }] },
              mark: {
                type: 'point',
                aria: false,
                style: 'observed',
                shape: 'diamond',
                filled: false,
                size: 70,
                strokeWidth: 2,
              },
              encoding: { x: x('mean'), y, tooltip },
            },
          ]),
    ],
  }
}
