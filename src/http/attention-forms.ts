import type { Readable } from 'node:stream'
import type { Presentation } from '../attention/presentation.ts'
import { needsOf } from '../attention/request.ts'
import type { AttentionRequest } from '../attention/request.ts'
import type { AttentionResult } from '../attention/result.ts'
import { encodeJson } from '../encoders/json.ts'
import { encodeNpz } from '../encoders/npz.ts'
import type { Estimate } from '../attention/estimate.ts'
import { attentionFigure, checkFigure, figureCost, figureNeeds, toPng, toSvg } from '../figures/index.ts'
import type { FigureForm, FigureSelection } from '../figures/index.ts'

/** The forms that an attention result can take. */
export const attentionForms = ['json', 'npz', 'vegalite', 'svg', 'png'] as const
export type AttentionForm = (typeof attentionForms)[number]

/** Pieces of text or of numbers that are under way while a client reads, at most, and what a number takes in them. */
const piecesBytes = 8 * 2 ** 20
const bytesPerNumber = 12

/** What a form needs computed: a figure just what it draws, whatever `return` says. */
export function requestFor(
  form: AttentionForm,
  request: AttentionRequest,
  selection: FigureSelection,
): AttentionRequest {
  return isFigure(form) ? { ...request, returns: new Set(figureNeeds(selection.figure)) } : request
}

/** Refuses a figure that cannot be drawn, before it is computed. Reads what each row sees. */
export function checkForm(
  form: AttentionForm,
  { source, returns, presentation }: AttentionRequest,
  selection: FigureSelection,
): void {
  if (isFigure(form)) checkFigure(selection, source.outlines(needsOf(returns))[0], presentation)
}

/** What a form takes beside the computation, whose answer has so many numbers. */
export function formCost(
  form: AttentionForm,
  { source, returns, presentation }: AttentionRequest,
  selection: FigureSelection,
  numbers: number,
): Estimate {
  if (!isFigure(form)) return { bytes: Math.min(piecesBytes, bytesPerNumber * numbers), operations: 0 }
  return figureCost(selection, source.outlines(needsOf(returns))[0], presentation, form)
}

function isFigure(form: AttentionForm): form is FigureForm {
  return form !== 'json' && form !== 'npz'
}

/** A result as bytes: small ones whole, large ones as a stream that follows its reader. */
export async function encodeAttention(
  result: AttentionResult,
  presentation: Presentation,
  form: AttentionForm,
  { selection, strings }: { readonly selection: FigureSelection; readonly strings: boolean },
): Promise<Buffer | Readable> {
  if (form === 'json') return encodeJson(result, presentation)
  if (form === 'npz') return encodeNpz(result, presentation, strings)
  const spec = attentionFigure(result, selection, presentation)
  if (form === 'vegalite') return Buffer.from(JSON.stringify(spec))
  const svg = await toSvg(spec)
  return form === 'svg' ? Buffer.from(svg) : toPng(svg)
}
