import { Generator as RandomGenerator, linearBound } from '../random/generator.ts'
import type { ProblemOutline } from '../problem/outline.ts'
import type { DropoutMask } from '../problem/dropout.ts'
import type { Projection } from '../problem/operands.ts'
import type { Scoring } from '../problem/scoring.ts'
import type { ProblemSize } from '../problem/size.ts'
import type { Visibility } from '../problem/visibility.ts'
import { sizeOf } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cachedInput } from './input-cache.ts'
import { inputShape } from './input.ts'
import type { InputSource } from './input.ts'
import type {
  AttentionSource,
  DescribedMember,
  NamedParameters,
  Needs,
  SourceDescription,
  SourceLayer,
} from './source.ts'

/** torch.nn.MultiheadAttention(embed_dim, num_heads, dropout, bias, kdim, vdim, batch_first=True). */
export interface TorchMultiheadSpec {
  readonly embedDim: number
  readonly numHeads: number
  readonly bias: boolean
  /** 0 <= p < 1 */
  readonly dropout: number
  readonly kDim: number
  readonly vDim: number
}

export interface TorchMultihead {
  readonly spec: TorchMultiheadSpec
  readonly parameters: { readonly seed: number } | { readonly given: NamedParameters; readonly dropoutSeed: number }
  /** Batch first; self-attention has the same one three times. */
  readonly query: InputSource
  readonly key: InputSource
  readonly value: InputSource
  readonly size: ProblemSize
  readonly visibility: Visibility
  readonly scoring: Scoring
  readonly mode: 'eval' | 'train'
  /** What an answer says of masks. */
  readonly said: Readonly<Record<string, unknown>>
  readonly ruleBytes: number
}

/** A parameter as PyTorch names it, and what its constructor leaves in it. */
export interface TorchParameter {
  readonly name: string
  readonly shape: readonly number[]
  /** Bound of the uniform draws, and whether they stay; biases are drawn or not, and then are zero. */
  readonly draw: { readonly bound: number; readonly stays: boolean } | null
}

const isJoined = ({ embedDim, kDim, vDim }: TorchMultiheadSpec): boolean => kDim === embedDim && vDim === embedDim

/**
 * The parameters in the order in which the constructor draws them: out_proj's Linear, then the projections' Xavier
 * uniforms; then all biases are set to zero (torch/nn/modules/activation.py, _reset_parameters).
 */
export function torchParameters(spec: TorchMultiheadSpec): readonly TorchParameter[] {
  const { embedDim, bias, kDim, vDim } = spec
  const linear = linearBound(embedDim)
  const xavier = (rows: number, columns: number): TorchParameter['draw'] => ({
    bound: Math.sqrt(3) * Math.sqrt(2 / (rows + columns)),
    stays: true,
  })
  const projection = (name: string, rows: number, columns: number): TorchParameter => ({
    name,
    shape: [rows, columns],
    draw: xavier(rows, columns),
  })
  return [
    { name: 'out_proj.weight', shape: [embedDim, embedDim], draw: { bound: linear, stays: true } },
    ...(bias ? [{ name: 'out_proj.bias', shape: [embedDim], draw: { bound: linear, stays: false } }] : []),
    ...(isJoined(spec)
      ? [projection('in_proj_weight', 3 * embedDim, embedDim)]
      : [
          projection('q_proj_weight', embedDim, embedDim),
          projection('k_proj_weight', embedDim, kDim),
          projection('v_proj_weight', embedDim, vDim),
        ]),
    ...(bias ? [{ name: 'in_proj_bias', shape: [3 * embedDim], draw: null }] : []),
  ]
}

/** As torch.manual_seed(seed) and the constructor draw them. */
function drawParameters(spec: TorchMultiheadSpec, generator: RandomGenerator): NamedParameters {
  const parameters = new Map<string, Tensor>()
  for (const { name, shape, draw } of torchParameters(spec)) {
    const data = new Float32Array(sizeOf(shape))
    if (draw?.stays === true) generator.uniform(data, -draw.bound, draw.bound)
    else if (draw !== null) generator.skipUniform(data.length)
    parameters.set(name, { shape, data })
  }
  return parameters
}

const countOf = (spec: TorchMultiheadSpec): number =>
  torchParameters(spec).reduce((sum, { shape }) => sum + sizeOf(shape), 0)

/** One torch.nn.MultiheadAttention on its inputs: one layer. */
export class TorchMultiheadSource implements AttentionSource {
  readonly kind = 'torch-multihead'
  readonly of: TorchMultihead

  constructor(of: TorchMultihead) {
    this.of = of
  }

  outlines({ context }: Needs): readonly [ProblemOutline] {
    const { size, visibility, scoring, query, key, value } = this.of
    const features = new Set<ProblemOutline['features'] extends ReadonlySet<infer F> ? F : never>()
    if (query !== key || key !== value) features.add('separate inputs of queries, keys and values')
    if (scoring.bias !== null) features.add('a bias of the scores')
    if (context && this.#drops) features.add('dropout')
    return [{ size, visibility, features, context }]
  }

  identity(): unknown {
    return [this.of.spec, this.of.said]
  }

  cost(_needs: Needs): { bytes: number; operations: number } {
    const { spec, size, ruleBytes } = this.of
    const inputs = this.#inputs().reduce((sum, [, input]) => sum + sizeOf(inputShape(input)), 0)
    const maps = this.#drops ? size.batch * size.heads * size.queries * size.keys : 0
    return {
      bytes: ruleBytes + 4 * (2 * countOf(spec) + inputs) + maps,
      operations: 10 * (countOf(spec) + inputs + maps),
    }
  }

  *layers({ context, parameters: wantParameters }: Needs): Generator<SourceLayer> {
    const { spec, parameters: from, size, visibility, scoring } = this.of
    const generator = new RandomGenerator('seed' in from ? from.seed : from.dropoutSeed)
    const parameters = 'given' in from ? from.given : drawParameters(spec, generator)
    const drawn = new Map(this.#inputs().map(([name, input]) => [name, cachedInput(input)]))
    const data = (name: string): Float32Array => (drawn.get(name) ?? drawn.get('input')!).value.data
    const { embedDim, bias } = spec
    const part = (which: 0 | 1 | 2, name: string): Projection => {
      const joined = parameters.get('in_proj_weight')
      const rows = embedDim * embedDim
      return {
        weight: joined ? joined.data.subarray(which * rows, (which + 1) * rows) : parameters.get(name)!.data,
        bias: bias ? parameters.get('in_proj_bias')!.data.subarray(which * embedDim, (which + 1) * embedDim) : null,
      }
    }
    yield {
      layer: null,
      problem: {
        size,
        operands: {
          kind: 'projected',
          queryInput: data('query'),
          keyInput: data('key'),
          valueInput: data('value'),
          projections: {
            query: part(0, 'q_proj_weight'),
            key: part(1, 'k_proj_weight'),
            value: context ? part(2, 'v_proj_weight') : null,
            output: context
              ? {
                  weight: parameters.get('out_proj.weight')!.data,
                  bias: bias ? parameters.get('out_proj.bias')!.data : null,
                }
              : null,
          },
          queryNorm: null,
          keyNorm: null,
        },
        rotary: null,
        visibility,
        scoring,
        dropout: context && this.#drops ? dropoutMask(size, generator, spec.dropout) : null,
      },
      inputs: new Map([...drawn].map(([name, { value }]) => [name, value])),
      parameters: wantParameters ? parameters : null,
      solved() {},
      end() {
        generator.end()
        for (const input of drawn.values()) input.end()
      },
    }
  }

  describe(): SourceDescription {
    const { spec, parameters, size, said, mode } = this.of
    const { embedDim, numHeads, bias, dropout, kDim, vDim } = spec
    const members: [string, DescribedMember][] = [
      [
        'model',
        {
          plain: {
            kind: this.kind,
            embed_dim: embedDim,
            num_heads: numHeads,
            head_dim: size.headDim,
            bias,
            dropout,
            kdim: kDim,
            vdim: vDim,
            num_parameters: countOf(spec),
            ...('seed' in parameters ? { seed: parameters.seed } : {}),
          },
        },
      ],
      ...this.#inputs().map(([name, input]): [string, DescribedMember] => [
        name,
        { input: name, shape: inputShape(input) },
      ]),
      ['mode', { plain: mode }],
      ...(Object.keys(said).length === 0 ? [] : [['mask', { plain: said }] as [string, DescribedMember]]),
    ]
    return {
      members,
      words: [
        `torch.nn.MultiheadAttention, ${numHeads} ${numHeads === 1 ? 'head' : 'heads'} of dimension ${size.headDim}`,
        `embed_dim ${embedDim}, bias ${bias}`,
        'seed' in parameters ? `seed ${parameters.seed}` : 'given parameters',
      ],
      modeWords: mode === 'train' ? ['train mode'] : [],
      scoreWords: 'q \u00b7 k / \u221ahead_dim',
      drops: this.#drops,
      masks: true,
      untrained: 'seed' in parameters,
      contextByHead: false,
    }
  }

  get #drops(): boolean {
    return this.of.mode === 'train' && this.of.spec.dropout > 0
  }

  /** The inputs by their names on the wire: one, or three. */
  #inputs(): [string, InputSource][] {
    const { query, key, value } = this.of
    if (query === key && key === value) return [['input', query]]
    return [
      ['query', query],
      ['key', key],
      ['value', value],
    ]
  }
}

/** Drawn from where the generator stands, over (batch, heads, queries, keys). */
function dropoutMask({ batch, heads, queries, keys }: ProblemSize, generator: RandomGenerator, p: number): DropoutMask {
  const keep = new Uint8Array(batch * heads * queries * keys)
  generator.keepMask(keep, p)
  return { keep, keepProbability: 1 - p }
}
