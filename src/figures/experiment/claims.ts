import type { Claim, Report } from '../../experiments/report.ts'
import { histogram } from '../histogram.ts'
import { inWords } from '../numbers.ts'
import { wrapText } from '../text-width.ts'
import { theme } from '../theme.ts'
import { wireName } from '../../encoders/wire-names.ts'
import { claimForm, claimValues } from './claim-form.ts'
import type { ClaimForm, SeedValues } from './claim-form.ts'
import { domainOf, effectAxis, interval, panel, referenceLine } from './marks.ts'

/** Said by a word, so that colour says nothing alone. */
export const verdictWords: Readonly<Record<Claim['verdict'], string>> = {
  supported: 'Supported',
  refuted: 'Refuted',
  not_distinguishable: 'Not distinguishable',
}

/** A claim of the study: its verdict, its effect with the interval, and, of the seeds at hand, how they scatter. */
export function claimPanel(report: Report, claim: Claim, seeds: SeedValues | null): Record<string, unknown> {
  const form = claimForm(report, claim.id)
  const width = panel.width + panel.side
  const scatter = seeds === null || form === null ? [] : scatterPanel(form, seeds)
  const drawn = claim.effect === null ? [nothingToDraw] : [effectPanel(report, claim, form), ...scatter]
  return {
    title: {
      text: wrapText(`${verdictWords[claim.verdict]}: \u201c${claim.statement}\u201d`, width, 12.5),
      subtitle: wrapText(claim.evidence, width, theme.title.subtitleFontSize),
      style: claim.verdict,
      anchor: 'start',
      fontSize: 12.5,
      fontWeight: 600,
      offset: 6,
    },
    hconcat: drawn,
    spacing: 40,
  }
}

/** In place of an effect that is not defined; the evidence says why. */
const nothingToDraw = {
  width: panel.width,
  height: 14,
  data: { values: [{ note: 'not defined, nothing to draw' }] },
  view: { stroke: null },
  mark: { type: 'text', aria: false, style: 'note', align: 'left', x: 0 },
  encoding: { text: { field: 'note', type: 'nominal' } },
}

/** The words on a claim's axis: what was measured, of which arms. */
function measured(claim: Claim, form: ClaimForm | null): string {
  const name = wireName(claim.statistic)
  if (form === null) return name
  return form.baseline === null ? `${name} (${form.arm})` : `${name}, ${form.arm} \u2212 ${form.baseline}`
}

function effectPanel(report: Report, claim: Claim, form: ClaimForm | null): Record<string, unknown> {
  const { effect, confidenceInterval } = claim
  const [low, high] = confidenceInterval ?? [null, null]
  const reference = form?.reference ?? 0
  const domain = domainOf([effect, low, high, reference, ...(form?.supports ?? [])])
  const row = {
    claim: claim.id,
    verdict: claim.verdict,
    mean: effect,
    low,
    high,
    interval: low === null ? 'none' : `${inWords(low)} to ${inWords(high)}`,
  }
  const tooltip = [
    { field: 'claim', type: 'nominal' },
    { field: 'verdict', type: 'nominal' },
    { field: 'mean', type: 'quantitative', title: 'effect', format: '.4~g' },
    { field: 'interval', type: 'nominal', title: `${100 * Number(report.config.confidence)} % interval` },
  ]
  return {
    width: panel.width,
    height: 36,
    data: { values: [row] },
    encoding: {
      x: { type: 'quantitative', scale: { domain, nice: false, zero: false }, axis: effectAxis(measured(claim, form)) },
    },
    layer: [
      ...(form?.supports == null ? [] : [supportingRegion(form.supports, domain)]),
      referenceLine(reference),
      ...interval({}, tooltip),
    ],
  }
}

function supportingRegion(
  [from, to]: readonly [number, number],
  [low, high]: readonly [number, number],
): Record<string, unknown> {
  return {
    data: { values: [{ from: Math.max(from, low), to: Math.min(to, high) }] },
    mark: { type: 'rect', aria: false, style: 'supports' },
    encoding: { x: { field: 'from', type: 'quantitative' }, x2: { field: 'to' } },
  }
}

/** The seeds' own effects: one seed can say anything within it. */
function scatterPanel(form: ClaimForm, seeds: SeedValues): Record<string, unknown>[] {
  const bars = histogram(claimValues(form, seeds))
  if (bars.length === 0) return []
  const domain = domainOf([form.reference, bars[0]!.from, bars.at(-1)!.to])
  return [
    {
      width: panel.side,
      height: 36,
      data: {
        values: bars.map(({ from, to, seeds: count }) => ({
          from: Number(from.toPrecision(6)),
          to: Number(to.toPrecision(6)),
          seeds: count,
        })),
      },
      encoding: {
        x: {
          type: 'quantitative',
          scale: { domain, nice: false, zero: false },
          axis: effectAxis('the seeds, one by one'),
        },
      },
      layer: [
        {
          mark: { type: 'bar', aria: false, style: 'seeds', binSpacing: 0.5 },
          encoding: {
            x: { field: 'from', type: 'quantitative', bin: 'binned' },
            x2: { field: 'to' },
            y: {
              field: 'seeds',
              type: 'quantitative',
              axis: { title: 'seeds', tickCount: 2, tickMinStep: 1, grid: false },
            },
            tooltip: [
              { field: 'from', type: 'quantitative', format: '.3~g' },
              { field: 'to', type: 'quantitative', format: '.3~g' },
              { field: 'seeds', type: 'quantitative' },
            ],
          },
        },
        referenceLine(form.reference),
      ],
    },
  ]
}
