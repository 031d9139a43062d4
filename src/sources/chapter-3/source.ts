import { selfAttention } from '../../problem/problem.ts'
import type { InUse } from '../draw-cache.ts'
import { cachedInput } from '../input-cache.ts'
import { inputShape } from '../input.ts'
import type { InputSource } from '../input.ts'
import type { AttentionSource, NamedParameters, Needs, SourceDescription, SourceLayer } from '../source.ts'
import { countParameters, countParameterTensors, drawDropoutMask, givenModel } from './build.ts'
import type { Model } from './build.ts'
import { cachedModel } from './model-cache.ts'
import { headDim, outputDim, specOutline } from './spec.ts'
import type { ModelSpec } from './spec.ts'

/** Where the parameters come from. */
export type ParameterSource =
  /**
   * As torch.manual_seed(seed) and the class's constructor would draw them; train mode's mask is drawn from there on.
   */
  | { readonly seed: number }
  /** A state dict; train mode's mask is drawn after torch.manual_seed(dropoutSeed). */
  | { readonly given: NamedParameters; readonly dropoutSeed: number }

export interface Chapter3 {
  readonly spec: ModelSpec
  readonly parameters: ParameterSource
  /** (batch, length, dIn) */
  readonly input: InputSource
  readonly mode: 'eval' | 'train'
}

const float32 = 4
/** A parameter beside its numbers: its array, shape and name, and their places in the model's map. */
const tensorBytes = 1_536
/** Nanoseconds of naming and drawing it, beside its numbers. */
const operationsPerTensor = 6_000

/** One of the three classes with its parameters on its input: one layer. */
export class Chapter3Source implements AttentionSource {
  readonly of: Chapter3

  constructor(of: Chapter3) {
    this.of = of
  }

  get kind(): string {
    return this.of.spec.kind
  }

  outlines({ context }: Needs): readonly [ReturnType<typeof specOutline>] {
    const [batch, length] = inputShape(this.of.input) as [number, number, number]
    return [specOutline(this.of.spec, batch, length, context, context && this.#drops())]
  }

  identity(): ModelSpec {
    return this.of.spec
  }

  cost(_needs: Needs): { bytes: number; operations: number } {
    const { spec, input, mode } = this.of
    const [batch, length, dIn] = inputShape(input) as [number, number, number]
    const square = batch * spec.numHeads * length * length
    // The wrapper's heads are drawn apart and joined for the engines.
    const copies = spec.kind === 'multi-head-wrapper' ? 2 : 1
    let bytes = copies * countParameters(spec) * float32 + batch * length * dIn * float32
    const tensors = countParameterTensors(spec)
    bytes += tensors * tensorBytes
    let operations = 10 * (countParameters(spec) + batch * length * dIn) + tensors * operationsPerTensor
    if (this.#drops()) bytes += square + square / spec.numHeads
    if (mode === 'train') operations += 10 * square
    if ('randn' in input) operations += input.advance
    return { bytes, operations }
  }

  *layers({ context, parameters: wantParameters }: Needs): Generator<SourceLayer> {
    const { spec, parameters, input: from } = this.of
    const model: InUse<Model> =
      'given' in parameters
        ? { value: givenModel(spec, parameters.given, parameters.dropoutSeed), end() {} }
        : cachedModel(spec, parameters.seed, !context)
    const input = cachedInput(from)
    const [batch, length, dIn] = input.value.shape as [number, number, number]
    const { projections } = model.value
    yield {
      layer: null,
      problem: selfAttention({
        batch,
        length,
        dIn,
        heads: spec.numHeads,
        headDim: headDim(spec),
        outputDim: spec.outProj ? outputDim(spec) : 0,
        input: input.value.data,
        projections: context ? projections : { ...projections, value: null, output: null },
        dropout: context && this.#drops() ? drawDropoutMask(spec, model.value, batch, length) : null,
      }),
      inputs: new Map([['input', input.value]]),
      parameters: wantParameters ? model.value.parameters : null,
      solved() {
        if (!wantParameters) model.end() // otherwise they are still to be written as text
      },
      end() {
        input.end()
      },
    }
  }

  describe(): SourceDescription {
    const { spec, parameters, input, mode } = this.of
    const { kind, numHeads } = spec
    const dimension = headDim(spec)
    return {
      members: [
        [
          'model',
          {
            plain: {
              kind,
              d_in: spec.dIn,
              d_out: spec.dOut,
              context_length: spec.contextLength,
              num_heads: numHeads,
              head_dim: dimension,
              output_dim: outputDim(spec),
              num_parameters: countParameters(spec),
              dropout: spec.dropout,
              qkv_bias: spec.qkvBias,
              ...(kind === 'multi-head-wrapper' ? { out_proj: spec.outProj } : {}),
              ...('seed' in parameters ? { seed: parameters.seed } : {}),
            },
          },
        ],
        ['input', { input: 'input', shape: inputShape(input) }],
        ['mode', { plain: mode }],
      ],
      words: [
        kind === 'causal'
          ? kind
          : `${kind}, ${numHeads} ${numHeads === 1 ? 'head' : 'heads'} of dimension ${dimension}`,
        `d_in ${spec.dIn}, d_out ${spec.dOut}, qkv_bias ${spec.qkvBias}`,
        'seed' in parameters ? `seed ${parameters.seed}` : 'given parameters',
      ],
      modeWords: mode === 'train' ? ['train mode'] : [],
      scoreWords: 'q \u00b7 k / \u221ahead_dim',
      drops: mode === 'train',
      masks: false,
      untrained: true,
      contextByHead: false,
    }
  }

  #drops(): boolean {
    return this.of.mode === 'train' && this.of.spec.dropout > 0
  }
}
