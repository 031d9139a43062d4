import type { Presentation } from '../attention/presentation.ts'
import type { AttentionResult } from '../attention/result.ts'
import { mapPooling, scoresFigure, weightsFigure } from './map.ts'
import { contextFigure, contextPooling } from './context.ts'
import { resolveSelection } from './selection.ts'
import type { Drawable, FigureName, FigureSelection, ResolvedSelection } from './selection.ts'
import { similarityFigure } from './similarity.ts'
import { statisticsFigure } from './statistics.ts'
import type { VegaLiteSpec } from './spec.ts'

export { experimentFigure } from './experiment/index.ts'
export type { SeedValues } from './experiment/index.ts'
export { figureNames, figureNeeds, parseFigureSelection, parseRange } from './selection.ts'
export type { Drawable, FigureName, FigureSelection, PlainSelection } from './selection.ts'
export { vegaLiteMediaType } from './spec.ts'
export type { VegaLiteSpec } from './spec.ts'
export { figureCost } from './cost.ts'
export type { FigureForm } from './cost.ts'
export { toPng } from './png.ts'
export { toSvg } from './svg.ts'

type Draw = (result: AttentionResult, selection: ResolvedSelection, presentation: Presentation) => VegaLiteSpec

const figures: Readonly<Record<FigureName, Draw>> = {
  weights: weightsFigure,
  scores: scoresFigure,
  context: contextFigure,
  statistics: statisticsFigure,
  similarity: similarityFigure,
}

/**
 * Whether the figure can be drawn of what will be computed: to be asked before it is.
 * Throws `invalid-request` (a head, item, row or key that is not there) or `figure-too-large`.
 */
export function checkFigure(
  selection: FigureSelection,
  of: Drawable,
  presentation: Pick<Presentation, 'heads' | 'rows'>,
): ResolvedSelection {
  const resolved = resolveSelection(selection, of, presentation)
  if (resolved.figure === 'weights' || resolved.figure === 'scores') mapPooling(of.visibility, resolved)
  if (resolved.figure === 'context') contextPooling(of.size, resolved)
  return resolved
}

/**
 * The picture of a result as a Vega-Lite specification with its data within. The result must hold what
 * `figureNeeds(selection.figure)` names. Throws as `checkFigure`.
 */
export function attentionFigure(
  result: AttentionResult,
  selection: FigureSelection,
  presentation: Presentation,
): VegaLiteSpec {
  const resolved = resolveSelection(selection, result, presentation)
  return figures[resolved.figure](result, resolved, presentation)
}
