import { createHash } from 'node:crypto'
import type { Architecture } from '../sources/decoder/architecture.ts'
import type { Interpreter } from '../sources/decoder/backbone/interpreter.ts'
import type { Plan } from '../sources/decoder/backbone/plan.ts'
import { runBackbone } from '../sources/decoder/backbone/run.ts'
import { layerProblem } from '../sources/decoder/layer.ts'
import type { LayerProblemOptions } from '../sources/decoder/layer.ts'
import { nextTokens } from '../sources/decoder/next-tokens.ts'
import type { NextToken } from '../sources/decoder/next-tokens.ts'
import type { DecoderModel, HiddenEnd, HiddenLayer, HiddenRequest } from '../sources/decoder/source.ts'
import type { Weights } from '../sources/decoder/weights.ts'
import type { AttentionProblem } from '../problem/problem.ts'
import { hiddenKey } from './hidden-cache.ts'
import type { HiddenCache } from './hidden-cache.ts'
import type { BackboneName } from './interpreters.ts'
import type { ModelText } from './model-text.ts'

/** A model that is loaded for as long as it is used. Call `release` once, when nothing more will be asked of it. */
export class OpenModel implements DecoderModel, Disposable {
  readonly id: string
  readonly sha256: string
  readonly architecture: Architecture
  readonly backbone: BackboneName
  readonly text: ModelText
  readonly #plan: Plan
  readonly #interpreter: Interpreter
  readonly #weights: Weights
  readonly #cache: HiddenCache
  readonly #release: () => void

  constructor(of: {
    id: string
    sha256: string
    architecture: Architecture
    backbone: BackboneName
    text: ModelText
    plan: Plan
    interpreter: Interpreter
    weights: Weights
    cache: HiddenCache
    release: () => void
  }) {
    this.id = of.id
    this.sha256 = of.sha256
    this.architecture = of.architecture
    this.backbone = of.backbone
    this.text = of.text
    this.#plan = of.plan
    this.#interpreter = of.interpreter
    this.#weights = of.weights
    this.#cache = of.cache
    this.#release = of.release
  }

  /**
   * What enters the attention of some layers, layer after layer, and then what is asked for at the end. The model is
   * computed no further than that, and layers of texts seen before are not computed again.
   */
  async *hiddenStates(request: HiddenRequest): AsyncGenerator<HiddenLayer | HiddenEnd, void, void> {
    const { tokens, gains, end = 'layers', checkpoint } = request
    const layers = [...new Set(request.layers)].sort((a, b) => a - b)
    const changed = gains !== undefined && Object.values(gains).some((each) => each.length > 0)
    const text = createHash('sha256').update(Int32Array.from(tokens)).digest('base64')
    const keyOf = (layer: number): string => hiddenKey(this.sha256, this.backbone, text, layer)
    const known = new Map<number, Float32Array>()
    if (!changed) {
      for (const layer of layers) {
        const input = this.#cache.get(keyOf(layer))
        if (input !== undefined) known.set(layer, input)
      }
    }
    const missing = layers.filter((layer) => !known.has(layer))
    const ready = [...known.keys()]
    const upTo = function* (layer: number): Generator<HiddenLayer> {
      while (ready.length > 0 && ready[0]! < layer) {
        const next = ready.shift()!
        yield { kind: 'layer', layer: next, input: known.get(next)! }
      }
    }
    if (missing.length > 0 || end !== 'layers') {
      const run = { tokens, layers: missing, values: ['attention_input'] as const }
      const more = { ...(gains === undefined ? {} : { gains }), ...(checkpoint === undefined ? {} : { checkpoint }) }
      for await (const output of runBackbone(this.#plan, this.#interpreter, { ...run, ...more }, end)) {
        yield* upTo('end' in output ? Infinity : output.layer)
        if ('end' in output) {
          yield { kind: output.end, values: output.values }
          continue
        }
        const input = output.values.attention_input!
        if (!changed) this.#cache.set(keyOf(output.layer), input)
        yield { kind: 'layer', layer: output.layer, input }
      }
    }
    yield* upTo(Infinity)
  }

  /** A layer's attention as the problem that any engine solves. */
  layerProblem(layer: number, input: Float32Array, options: LayerProblemOptions): Promise<AttentionProblem> {
    return layerProblem(this.architecture.layers[layer]!, this.#weights, input, options)
  }

  /** The likeliest next tokens by the logits of the last position. */
  nextTokens(logits: Float32Array, count = 10): NextToken[] {
    return nextTokens(logits, count, (id) => this.text.textOf(id))
  }

  release(): void {
    this.#release()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
