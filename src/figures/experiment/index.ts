import type { Report } from '../../experiments/report.ts'
import { labelSize } from '../axis.ts'
import { inWords } from '../numbers.ts'
import { vegaLiteSchema } from '../spec.ts'
import type { VegaLiteSpec } from '../spec.ts'
import { textWidth } from '../text-width.ts'
import { theme } from '../theme.ts'
import { figureTitle } from '../title.ts'
import { caution, count } from '../words.ts'
import { claimPanel, verdictWords } from './claims.ts'
import type { SeedValues } from './claim-form.ts'
import { effectLabels, effectsPanel } from './effects.ts'
import { panel } from './marks.ts'
import { nullLabels, nullPanel } from './null.ts'

export type { SeedValues } from './claim-form.ts'

/**
 * An experiment's report: a verdict a claim with its effect and interval, every comparison of arms, similarity beside
 * its null. `seeds` (experiments/sample.ts) adds how the single seeds scatter.
 */
export function experimentFigure(report: Report, seeds: SeedValues | null = null): VegaLiteSpec {
  const { claims, invariants } = report
  const failed = invariants.filter(({ holds }) => !holds).map(({ id }) => id)
  const tally = (['supported', 'refuted', 'not_distinguishable'] as const)
    .map(
      (verdict) =>
        [claims.filter((claim) => claim.verdict === verdict).length, verdictWords[verdict].toLowerCase()] as const,
    )
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(', ')
  const title = `Experiment on ${report.experiment}: of ${count(claims.length, 'claim')} of the study ${tally}`
  const left = Math.max(widthOf(effectLabels(report)), widthOf(nullLabels(report)))
  const confidence = inWords(100 * Number(report.config.confidence))
  return {
    $schema: vegaLiteSchema,
    description: `${title}. ${claims.map((claim) => `${verdictWords[claim.verdict]}: ${claim.statement} ${claim.evidence}`).join(' ')}`,
    title: figureTitle(
      title,
      [
        `${count(report.seeds!.count, 'seed')}. Dot and bar: mean and its ${confidence} % interval. Shaded: where the claim would hold. Dashed: no effect, or the margin.`,
        failed.length === 0
          ? `What must hold exactly does (${count(invariants.length, 'invariant')}).`
          : `What must hold exactly does not: ${failed.join(', ')}. Do not trust this run.`,
        caution,
      ],
      panel.width + panel.side,
    ),
    vconcat: [
      ...claims.map((claim) => outdented(claimPanel(report, claim, seeds), left)),
      ...nullPanel(report).map((part) => outdented(part, left - widthOf(nullLabels(report)))),
      ...effectsPanel(report),
    ],
    spacing: 26,
    config: theme,
  } as unknown as VegaLiteSpec
}

/**
 * A part whose title begins where the figure's does. The drawings of all parts stand one below the other, right of the
 * longest labels; a title would begin at its own part's labels, or at its drawing where it has none.
 */
function outdented(part: Record<string, unknown>, by: number): Record<string, unknown> {
  return { ...part, title: { ...(part.title as object), dx: -by } }
}

/** Pixels that labels take left of a drawing. */
function widthOf(labels: readonly string[]): number {
  return Math.round(Math.max(0, ...labels.map((label) => textWidth(label) * labelSize + 3)))
}
