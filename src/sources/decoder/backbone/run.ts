import type { Interpreter, Rows } from './interpreter.ts'
import type { BiasGain, LayerValue, Plan, Projection, Segment } from './plan.ts'

/**
 * Interventions. Each changes nothing where it is left out, and a gain of 1 changes no bit of any number.
 */
export interface Gains {
  /** A head's output is multiplied by its gain before the output projection. */
  readonly heads?: readonly { readonly layer: number; readonly head: number; readonly gain: number }[]
  /** A layer's query, key or value bias is multiplied by its gain; nothing where the layer has none. */
  readonly biases?: readonly { readonly layer: number; readonly of: Projection; readonly gain: number }[]
  /**
   * What a head's output is replaced by as far as its gain takes it away: gain * output + (1 - gain) * replacement,
   * (headDim). Zero where none is given.
   */
  readonly replacements?: readonly { readonly layer: number; readonly head: number; readonly output: Float32Array }[]
}

export interface BackboneRequest {
  /** Ids, each less than the vocabulary; not more than the context length, which the caller has checked. */
  readonly tokens: readonly number[]
  /** The layers whose values are asked for. */
  readonly layers: readonly number[]
  /** Which of a layer's values. */
  readonly values: readonly LayerValue[]
  readonly gains?: Gains
  /** Called between layers; throws to end the run, as when a deadline has passed. */
  readonly checkpoint?: () => void | Promise<void>
}

/** A layer's values, each (T, width), row-major. */
export interface LayerOutput {
  readonly layer: number
  readonly values: Readonly<Partial<Record<LayerValue, Float32Array>>>
}

/** How far a run goes beyond the layers that are asked for. */
export type End = 'layers' | 'logits' | 'losses' | 'hidden'

/** What stands at the end: logits of the last position, each next token's loss, or the hidden states after the norm. */
export interface EndOutput {
  readonly end: Exclude<End, 'layers'>
  readonly values: Float32Array
}

/** Positions whose logits are in memory together, where losses are asked for. */
const lossRows = 64

/**
 * Runs a plan as far as it must: layer after layer, the values of those that are asked for handed out as soon as they
 * are there, and then what is asked for at the end. Nothing is kept of a layer when the next one is begun.
 */
export async function* runBackbone<R extends Rows>(
  plan: Plan,
  interpreter: Interpreter<R>,
  request: BackboneRequest,
  end: End = 'layers',
): AsyncGenerator<LayerOutput | EndOutput, void, void> {
  const { tokens, gains = {} } = request
  const asked = new Set(request.layers)
  const lastLayer = end === 'layers' ? Math.max(-1, ...asked) : plan.layers.length - 1
  let before: { residual: R; context: R } | null = null
  const free = (...matrices: (R | undefined)[]): void => {
    for (const matrix of matrices) if (matrix !== undefined) interpreter.free(matrix)
  }
  try {
    for (let layer = 0; layer <= lastLayer; layer++) {
      await request.checkpoint?.()
      const { segment, rule, gains: biasGains } = plan.layers[layer]!
      const goesOn = layer < lastLayer || end !== 'layers'
      const wanted = new Set<LayerValue>(goesOn ? ['residual', 'query', 'key', 'value'] : [])
      if (asked.has(layer)) for (const name of request.values) wanted.add(name)
      const values: Partial<Record<LayerValue, R>> = await interpreter.run(
        segment,
        {
          values: before ?? {},
          tokens,
          gains: Object.fromEntries(biasGains.map((of) => [of.input, biasFactors(of, gains, layer)])),
          targets: [],
        },
        [...wanted],
      )
      if (before !== null) free(before.residual, before.context)
      before = null
      try {
        if (asked.has(layer)) {
          const read: Partial<Record<LayerValue, Float32Array>> = {}
          for (const name of request.values) read[name] = await interpreter.read(values[name]!)
          yield { layer, values: read }
        }
        if (!goesOn) return
        const context = await interpreter.attend(rule, values.query!, values.key!, values.value!)
        before = {
          residual: values.residual!,
          context: await intervene(interpreter, context, gains, layer, rule.headDim),
        }
      } finally {
        const kept = before?.residual
        free(...Object.values(values).filter((matrix) => matrix !== kept))
      }
    }
    if (end === 'layers' || before === null) return
    await request.checkpoint?.()
    yield { end, values: await atTheEnd(plan, interpreter, request, end, before) }
  } finally {
    if (before !== null) free(before.residual, before.context)
  }
}

async function atTheEnd<R extends Rows>(
  plan: Plan,
  interpreter: Interpreter<R>,
  { tokens }: BackboneRequest,
  end: Exclude<End, 'layers'>,
  before: { residual: R; context: R },
): Promise<Float32Array> {
  /** After the last norm, rows from `first` on. All that is left to do works on each row by itself. */
  const finalRows = async (first: number): Promise<R> => {
    const part = {
      residual: interpreter.slice(before.residual, first, tokens.length),
      context: interpreter.slice(before.context, first, tokens.length),
    }
    const { final } = await interpreter.run(plan.final, { values: part, tokens, gains: {}, targets: [] }, ['final'])
    interpreter.free(part.residual)
    interpreter.free(part.context)
    return final
  }
  const headOf = async (segment: Segment | null, final: R, targets: readonly number[]): Promise<Float32Array> => {
    if (segment === null) throw new Error('this model has no head, so that it says nothing of next tokens')
    const name = segment.outputs[0]!.name
    const { [name]: out } = await interpreter.run(segment, { values: { final }, tokens, gains: {}, targets }, [name])
    const values = await interpreter.read(out!)
    interpreter.free(out!)
    return values
  }
  if (end === 'logits') {
    const final = await finalRows(tokens.length - 1)
    const logits = await headOf(plan.logits, final, [])
    interpreter.free(final)
    return logits
  }
  const final = await finalRows(0)
  try {
    if (end === 'hidden') return await interpreter.read(final)
    const losses = new Float32Array(tokens.length - 1)
    for (let first = 0; first < losses.length; first += lossRows) {
      const last = Math.min(losses.length, first + lossRows)
      const rows = interpreter.slice(final, first, last)
      losses.set(await headOf(plan.loss, rows, tokens.slice(first + 1, last + 1)), first)
      interpreter.free(rows)
    }
    return losses
  } finally {
    interpreter.free(final)
  }
}

function biasFactors({ outputs, of }: BiasGain, { biases = [] }: Gains, layer: number): Float32Array {
  const factors = new Float32Array(outputs).fill(1)
  for (const gain of biases) {
    if (gain.layer !== layer) continue
    for (let output = 0; output < outputs; output++) if (of(output) === gain.of) factors[output]! *= gain.gain
  }
  return factors
}

/** The heads' outputs with their gains; as they are where no gain differs from 1. */
async function intervene<R extends Rows>(
  interpreter: Interpreter<R>,
  context: R,
  { heads = [], replacements = [] }: Gains,
  layer: number,
  headDim: number,
): Promise<R> {
  const changed = heads.filter((of) => of.layer === layer && of.gain !== 1)
  if (changed.length === 0) return context
  const values = await interpreter.read(context)
  for (const { head, gain } of changed) {
    const replacement = replacements.find((of) => of.layer === layer && of.head === head)?.output
    for (let row = 0; row < context.rows; row++) {
      const from = row * context.width + head * headDim
      for (let i = 0; i < headDim; i++)
        values[from + i] = gain * values[from + i]! + (replacement === undefined ? 0 : (1 - gain) * replacement[i]!)
    }
  }
  interpreter.free(context)
  return interpreter.write(values, context.rows, context.width)
}
