import type { Readable } from 'node:stream'
import type { Presentation } from '../attention/presentation.ts'
import { needsOf } from '../attention/request.ts'
import type { AttentionRequest } from '../attention/request.ts'
import type { AttentionResult } from '../attention/result.ts'
import { encodeJson } from '../encoders/json.ts'
import { encodeNpz } from '../encoders/npz.ts'
import { attentionFigure, checkFigure, figureNeeds, toPng, toSvg } from '../figures/index.ts'
import type { FigureSelection } from '../figures/index.ts'

/** The forms that an attention result can take. */
export const attentionForms = ['json', 'npz', 'vegalite', 'svg', 'png'] as const
export type AttentionForm = (typeof attentionForms)[number]

/**
 * What a form needs computed: a figure just what it draws, whatever `return` says. Refuses a figure that cannot be
 * drawn.
 */
export function requestFor(
  form: AttentionForm,
  request: AttentionRequest,
  selection: FigureSelection,
): AttentionRequest {
  if (form === 'json' || form === 'npz') return request
  const returns = new Set(figureNeeds(selection.figure))
  const [outline] = request.source.outlines(needsOf(returns))
  checkFigure(selection, outline, request.presentation)
  return { ...request, returns }
}

/** A result as bytes: small ones whole, large ones as a stream that follows its reader. */
export async function encodeAttention(
  result: AttentionResult,
  presentation: Presentation,
  form: AttentionForm,
  selection: FigureSelection,
): Promise<Buffer | Readable> {
  if (form === 'json') return encodeJson(result, presentation)
  if (form === 'npz') return encodeNpz(result, presentation)
  const spec = attentionFigure(result, selection, presentation)
  if (form === 'vegalite') return Buffer.from(JSON.stringify(spec))
  const svg = await toSvg(spec)
  return form === 'svg' ? Buffer.from(svg) : toPng(svg)
}
