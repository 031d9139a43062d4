import { Generator as RandomGenerator } from '../../random/generator.ts'
import type { DropoutMask } from '../../problem/dropout.ts'
import type { Feature, ProblemOutline } from '../../problem/outline.ts'
import type { Floats, Rotary } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import type { Scoring } from '../../problem/scoring.ts'
import type { ProblemSize } from '../../problem/size.ts'
import type { Visibility } from '../../problem/visibility.ts'
import { sizeOf } from '../../tensor/tensor.ts'
import { cachedInput } from '../input-cache.ts'
import type { AttentionSource, DescribedMember, Needs, SourceDescription, SourceLayer } from '../source.ts'

/** Numbers of a request as they were sent: float64 where a client said so, float32 otherwise. */
export interface GivenTensor {
  readonly shape: readonly number[]
  readonly data: Floats
  /** The element type that was sent. */
  readonly dtype: 'float16' | 'bfloat16' | 'float32' | 'float64'
}

/** Queries, keys or values: drawn, or as they were sent; always of four dimensions. */
export type GivenOperand =
  | { readonly randn: readonly number[]; readonly seed: number; readonly advance: number }
  | { readonly values: GivenTensor }

export interface Given {
  /** (batch, heads, queries, headDim) */
  readonly queries: GivenOperand
  /** (batch, keyValueHeads, keys, headDim) */
  readonly keys: GivenOperand
  /** (batch, keyValueHeads, keys, valueDim), or null where nobody asks for contexts */
  readonly values: GivenOperand | null
  readonly size: ProblemSize
  readonly visibility: Visibility
  readonly scoring: Scoring
  readonly rotary: Rotary | null
  readonly dropout: { readonly p: number; readonly seed: number } | null
  /** What an answer says of the problem, by the names of the request. */
  readonly said: Readonly<Record<string, unknown>>
  /** Bytes of masks and biases beside the operands. */
  readonly ruleBytes: number
}

const float32 = 4

/** The shape of an operand, before anything is drawn. */
export function operandShape(operand: GivenOperand): readonly number[] {
  return 'randn' in operand ? operand.randn : operand.values.shape
}

/** Queries, keys and values of the client's own, under the client's rules: one layer. */
export class GivenSource implements AttentionSource {
  readonly kind = 'scaled-dot-product'
  readonly of: Given

  constructor(of: Given) {
    this.of = of
  }

  outlines({ context }: Needs): readonly [ProblemOutline] {
    const { size, visibility, scoring, rotary, dropout, values } = this.of
    const features = new Set<Feature>(['given queries, keys and values'])
    if (rotary !== null) features.add('rotary positions')
    if (scoring.softCap !== null) features.add('a soft cap')
    if (scoring.bias !== null) features.add('a bias of the scores')
    if (scoring.slopes !== null) features.add('slopes by distance (ALiBi)')
    if (scoring.sinks !== null) features.add('attention sinks')
    if (dropout !== null) features.add('dropout')
    return [{ size, visibility, features, context: context && values !== null }]
  }

  identity(): unknown {
    return this.of.said
  }

  cost(_needs: Needs): { bytes: number; operations: number } {
    const { queries, keys, values, size, dropout, ruleBytes } = this.of
    let bytes = ruleBytes
    let operations = 0
    for (const operand of [queries, keys, values]) {
      if (operand === null) continue
      bytes += sizeOf(operandShape(operand)) * float32
      if ('randn' in operand) operations += 10 * sizeOf(operand.randn) + operand.advance
    }
    if (dropout !== null) {
      bytes += size.batch * size.heads * size.queries * size.keys
      operations += 10 * size.batch * size.heads * size.queries * size.keys
    }
    return { bytes, operations }
  }

  *layers({ context }: Needs): Generator<SourceLayer> {
    const { queries, keys, values, size, visibility, scoring, rotary, dropout } = this.of
    const uses: { end(): void }[] = []
    const numbers = (operand: GivenOperand): Floats => {
      if ('values' in operand) return operand.values.data
      const drawn = cachedInput(operand)
      uses.push(drawn)
      return drawn.value.data
    }
    const mixes = context && values !== null
    const problem: AttentionProblem = {
      size,
      operands: {
        kind: 'given',
        query: numbers(queries),
        key: numbers(keys),
        value: mixes ? numbers(values) : null,
      },
      rotary,
      visibility,
      scoring,
      dropout: mixes && dropout !== null ? drawMask(size, dropout) : null,
    }
    yield {
      layer: null,
      problem,
      inputs: new Map(),
      parameters: null,
      solved() {
        for (const use of uses) use.end()
      },
      end() {},
    }
  }

  describe(): SourceDescription {
    const { size, said, dropout } = this.of
    const { heads, keyValueHeads, headDim } = size
    const grouped = keyValueHeads === heads ? '' : `, ${keyValueHeads} of keys and values`
    const members: [string, DescribedMember][] = [['problem', { plain: said }]]
    return {
      members,
      words: [`scaled dot product, ${heads} ${heads === 1 ? 'head' : 'heads'} of dimension ${headDim}${grouped}`],
      modeWords: dropout === null ? [] : ['dropout'],
      scoreWords: 'scaled q \u00b7 k after soft cap and bias',
      drops: dropout !== null,
      masks: true,
      untrained: false,
      contextByHead: true,
    }
  }
}

/** Drawn as torch.manual_seed(seed) and dropout of a (batch, heads, queries, keys) tensor draw it. */
function drawMask({ batch, heads, queries, keys }: ProblemSize, { p, seed }: { p: number; seed: number }): DropoutMask {
  const keep = new Uint8Array(batch * heads * queries * keys)
  const generator = new RandomGenerator(seed)
  generator.keepMask(keep, p)
  generator.end()
  return { keep, keepProbability: 1 - p }
}
