import type { AttentionRequest } from '../attention/request.ts'
import type { AttentionResult } from '../attention/result.ts'
import { mapPooling, scoresFigure, weightsFigure } from './causal-map.ts'
import { contextFigure, contextPooling } from './context.ts'
import { resolveSelection } from './selection.ts'
import type { FigureName, FigureSelection, ResolvedSelection } from './selection.ts'
import { similarityFigure } from './similarity.ts'
import { statisticsFigure } from './statistics.ts'
import type { VegaLiteSpec } from './spec.ts'

export { experimentFigure } from './experiment/index.ts'
export type { SeedValues } from './experiment/index.ts'
export { figureNames, figureNeeds, parseFigureSelection, parseRange } from './selection.ts'
export type { FigureName, FigureSelection, PlainSelection } from './selection.ts'
export { vegaLiteMediaType } from './spec.ts'
export type { VegaLiteSpec } from './spec.ts'
export { toPng } from './png.ts'
export { toSvg } from './svg.ts'

const figures: Readonly<Record<FigureName, (result: AttentionResult, selection: ResolvedSelection) => VegaLiteSpec>> = {
  weights: weightsFigure,
  scores: scoresFigure,
  context: contextFigure,
  statistics: statisticsFigure,
  similarity: similarityFigure,
}

/**
 * Whether the figure can be drawn of what the request will compute: to be asked before it is computed.
 * Throws `invalid-request` (a head, item, row or key that is not there) or `figure-too-large`.
 */
export function checkFigure(selection: FigureSelection, request: AttentionRequest): ResolvedSelection {
  const resolved = resolveSelection(selection, request)
  if (resolved.figure === 'weights' || resolved.figure === 'scores') mapPooling(resolved)
  if (resolved.figure === 'context') contextPooling(request, resolved)
  return resolved
}

/**
 * The picture of a result as a Vega-Lite specification with its data within. The result must hold what
 * `figureNeeds(selection.figure)` names. Throws as `checkFigure`.
 */
export function attentionFigure(result: AttentionResult, selection: FigureSelection): VegaLiteSpec {
  const resolved = resolveSelection(selection, result.request)
  return figures[resolved.figure](result, resolved)
}
