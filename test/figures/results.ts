import { compute } from '../../src/attention/compute.ts'
import { everything } from '../../src/attention/presentation.ts'
import type { Presentation } from '../../src/attention/presentation.ts'
import { returnNames } from '../../src/attention/request.ts'
import type { AttentionRequest, ReturnName } from '../../src/attention/request.ts'
import type { AttentionResult } from '../../src/attention/result.ts'
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { Engines } from '../../src/engines/select.ts'
import { attentionFigure, checkFigure, parseFigureSelection } from '../../src/figures/index.ts'
import type { PlainSelection, VegaLiteSpec } from '../../src/figures/index.ts'
import { Chapter3Source } from '../../src/sources/chapter-3/source.ts'
import type { Chapter3 } from '../../src/sources/chapter-3/source.ts'
import type { ModelSpec } from '../../src/sources/chapter-3/spec.ts'
import { drawInput } from '../../src/sources/input.ts'
import type { InputSource } from '../../src/sources/input.ts'

const reference = referenceEngine('test')
const engines = new Engines([reference], reference, reference, [])

/** What a test asks for; the rest is the study's. */
export interface Asked extends Partial<Omit<Chapter3, 'spec'>>, Partial<Omit<Presentation, 'keyTokens'>> {
  readonly spec?: Partial<ModelSpec>
  readonly returns?: ReadonlySet<ReturnName>
}

/** A request with the study's defaults where nothing else is said. */
export function request(asked: Asked = {}): AttentionRequest {
  const { spec, parameters = { seed: 42 }, mode = 'eval', returns = new Set(returnNames), ...presentation } = asked
  const { input = { randn: [5, 8, 20], seed: 42, advance: 0 } } = asked
  return {
    source: new Chapter3Source({
      spec: {
        kind: 'multi-head',
        dIn: 20,
        dOut: 16,
        contextLength: 8,
        numHeads: 2,
        dropout: 0,
        qkvBias: false,
        outProj: true,
        ...spec,
      },
      parameters,
      input,
      mode,
    }),
    engine: undefined,
    returns,
    presentation: { ...everything, ...presentation, keyTokens: presentation.tokens ?? null },
  }
}

/** Input of which every value is `scale` times a draw: a large scale makes untrained attention choose. */
export function scaledInput(shape: readonly [number, number, number], scale: number, seed = 42): InputSource {
  const { data } = drawInput(shape, seed, 0)
  return { values: { shape, data: data.map((value) => scale * value) } }
}

/**
 * The reference engine's answer, with everything that a figure can need (similarity only where there are heads to
 * compare).
 */
export function resultOf(asked: Asked = {}): Promise<AttentionResult> {
  const { source, engine, returns } = request(asked)
  const wanted = new Set<ReturnName>(returns)
  const [{ size }] = source.outlines({ context: true, parameters: true })
  if (size.heads < 2) wanted.delete('similarity')
  return compute({ source, engine, returns: wanted }, engines)
}

/** The figure of a request. */
export async function figureOf(plain: PlainSelection, asked: Asked = {}): Promise<VegaLiteSpec> {
  return attentionFigure(await resultOf(asked), parseFigureSelection(plain), request(asked).presentation)
}

/** Holds a selection against a request, as it is done before anything is computed. */
export function checked(plain: PlainSelection, asked: Asked = {}): ReturnType<typeof checkFigure> {
  const { source, presentation } = request(asked)
  const [outline] = source.outlines({ context: true, parameters: false })
  return checkFigure(parseFigureSelection(plain), outline, presentation)
}
