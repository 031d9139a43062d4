import type { ProblemOutline } from '../../problem/outline.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { multiplyAdds } from '../../problem/size.ts'
import { seenPairs } from '../../problem/visibility.ts'
import type { AttentionSource, Needs, SourceDescription, SourceLayer } from '../source.ts'
import type { Architecture, LayerArchitecture, Linear } from './architecture.ts'
import type { End, Gains } from './backbone/run.ts'
import { giveBackWeights, layerOutline } from './layer.ts'
import type { LayerProblemOptions } from './layer.ts'

/** What enters a layer's attention, after its norm: (T, width). Not to be written to: others may have it too. */
export interface HiddenLayer {
  readonly kind: 'layer'
  readonly layer: number
  readonly input: Float32Array
}

/** Logits of the last position (vocabulary), losses of each next token in nats (T - 1), or hidden states (T, width). */
export interface HiddenEnd {
  readonly kind: Exclude<End, 'layers'>
  readonly values: Float32Array
}

export interface HiddenRequest {
  /** Ids within the vocabulary, at least one and not more than the context length. */
  readonly tokens: readonly number[]
  /** Layers from 0, in any order; they come in ascending order. */
  readonly layers: readonly number[]
  readonly gains?: Gains
  /** What is asked for after the layers. */
  readonly end?: End
  /** Called between layers; throws to end the run, as when a deadline has passed. */
  readonly checkpoint?: () => void | Promise<void>
}

/** A decoder (or encoder) that can be computed: models/open-model.ts. */
export interface DecoderModel {
  readonly id: string
  readonly sha256: string
  readonly backbone: string
  readonly architecture: Architecture
  hiddenStates(request: HiddenRequest): AsyncGenerator<HiddenLayer | HiddenEnd, void, void>
  layerProblem(layer: number, input: Float32Array, options: LayerProblemOptions): Promise<AttentionProblem>
}

export interface DecoderRequest extends Omit<HiddenRequest, 'layers'> {
  readonly model: DecoderModel
  /** The layers in ascending order, and of each the heads in the order in which they are wanted; null: all of them. */
  readonly layers: readonly { readonly layer: number; readonly heads: readonly number[] | null }[]
}

const float32 = 4

/** Some layers and heads of a trained model on some tokens: one attention problem a layer. */
export class DecoderSource implements AttentionSource {
  readonly kind = 'decoder'
  readonly #of: DecoderRequest
  #end: HiddenEnd | null = null

  /** At least one layer. */
  constructor(of: DecoderRequest) {
    this.#of = of
  }

  /** What has been asked for after the layers; null before all of them have come. */
  get end(): HiddenEnd | null {
    return this.#end
  }

  outlines(needs: Needs): readonly [ProblemOutline, ...ProblemOutline[]] {
    const { model, layers, tokens } = this.#of
    const [first, ...others] = layers.map(({ layer, heads }) =>
      layerOutline(model.architecture.layers[layer]!, tokens.length, this.#options(heads, needs)),
    )
    return [first!, ...others]
  }

  describe(): SourceDescription {
    const { id, sha256, architecture } = this.#of.model
    return {
      members: [['model', { plain: { id, family: architecture.family, sha256 } }]],
      words: [id, ...(this.#of.layers.length === 1 ? [`layer ${this.#of.layers[0]!.layer}`] : [])],
      modeWords: [],
      scoreWords: 'q \u00b7 k \u00d7 scale',
      drops: false,
      contextByHead: this.#byHead,
      masks: false,
      untrained: false,
    }
  }

  identity(): unknown {
    const { model, tokens, layers, gains } = this.#of
    return { sha256: model.sha256, backbone: model.backbone, tokens, layers, gains: gains ?? null }
  }

  /**
   * Of computing the model as far as it must be: what is in memory at once are one layer's matrices; multiply-adds are
   * those of all layers up to the last one asked for, whether or not the text has been seen before.
   */
  cost({ context }: Needs): { bytes: number; operations: number } {
    const { model, tokens, layers, end = 'layers' } = this.#of
    const { architecture } = model
    const length = tokens.length
    const last = end === 'layers' ? Math.max(...layers.map(({ layer }) => layer)) + 1 : architecture.layers.length
    const computed = architecture.layers.slice(0, last)
    const widest = Math.max(...computed.map(widthOf))
    const projections = Math.max(...layers.map(({ layer }) => weightsOf(architecture.layers[layer]!, context)))
    let operations = 0
    for (const layer of computed) {
      const { size, visibility } = layerOutline(layer, length, { contexts: 'projected' })
      const seen = seenPairs(visibility, size)
      operations += multiplyAdds(size, seen) + length * feedForwardWeights(layer)
    }
    const logitRows = { layers: 0, hidden: 0, logits: 1, losses: length }[end]
    operations += logitRows * (architecture.head === null ? 0 : architecture.width * architecture.vocabulary)
    const logits = Math.min(logitRows, 64) * architecture.vocabulary
    return { bytes: (length * (4 * architecture.width + widest) + projections + logits) * float32, operations }
  }

  /** An output projection needs all heads: where some layer has not all, no layer's contexts are projected. */
  get #byHead(): boolean {
    return this.#of.layers.some(({ heads }) => heads !== null)
  }

  #options(heads: readonly number[] | null, { context }: Needs): LayerProblemOptions {
    const contexts = this.#byHead ? 'heads' : 'projected'
    return { ...(heads === null ? {} : { heads }), contexts: context ? contexts : 'none' }
  }

  async *layers(needs: Needs): AsyncGenerator<SourceLayer> {
    const { model, layers, ...request } = this.#of
    const headsOf = new Map(layers.map(({ layer, heads }) => [layer, heads]))
    for await (const output of model.hiddenStates({ ...request, layers: layers.map(({ layer }) => layer) })) {
      if (output.kind !== 'layer') {
        this.#end = output
        continue
      }
      const { layer, input } = output
      const options = { ...this.#options(headsOf.get(layer)!, needs), biasGains: biasGainsOf(request.gains, layer) }
      const problem = await model.layerProblem(layer, input, options)
      yield {
        layer,
        problem,
        inputs: new Map([
          ['hidden_states', { shape: [1, request.tokens.length, model.architecture.width], data: input }],
        ]),
        parameters: null,
        solved: () => giveBackWeights(problem),
        end() {},
      }
    }
  }
}

function biasGainsOf(gains: Gains | undefined, layer: number): NonNullable<LayerProblemOptions['biasGains']> {
  const factors: Record<string, number> = {}
  for (const { of, gain, layer: changed } of gains?.biases ?? [])
    if (changed === layer) factors[of] = (factors[of] ?? 1) * gain
  return factors
}

/** Numbers of a position that a layer's segment holds at once beside the residual stream. */
function widthOf({ attention, feedForward }: LayerArchitecture): number {
  const { heads, keyValueHeads, headDim } = attention
  return (2 * heads + 2 * keyValueHeads) * headDim + (feedForward.gate === null ? 2 : 3) * feedForward.up.outputs
}

/** Weights that are read for a layer's problem. */
function weightsOf({ attention, output }: LayerArchitecture, context: boolean): number {
  const { heads, keyValueHeads, headDim } = attention
  const ofOne = headDim * output.outputs
  return (heads + keyValueHeads) * ofOne + (context ? (heads + keyValueHeads) * ofOne : 0)
}

function feedForwardWeights({ feedForward: { gate, up, down } }: LayerArchitecture): number {
  const count = (linear: Linear | null): number => (linear === null ? 0 : linear.inputs * linear.outputs)
  return count(gate) + count(up) + count(down)
}
