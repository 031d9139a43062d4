import type { HeadNorm, Projection } from '../../problem/operands.ts'
import type { Feature, ProblemOutline } from '../../problem/outline.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { scaled } from '../../problem/scoring.ts'
import { selfAttentionSize } from '../../problem/size.ts'
import { causal, visibilityOf } from '../../problem/visibility.ts'
import type { Visibility } from '../../problem/visibility.ts'
import { giveBackFloats, takeFloats } from '../../tensor/float-memory.ts'
import type { AttentionRule, LayerArchitecture, Linear, Norm } from './architecture.ts'
import { projectionNames } from './backbone/plan.ts'
import type { Projection as ProjectionName } from './backbone/plan.ts'
import { rotaryFrequencies } from './backbone/rotary.ts'
import type { Weights } from './weights.ts'

export interface LayerProblemOptions {
  /** The heads of the problem, in this order; all of them by default. Only their rows of the projections are read. */
  readonly heads?: readonly number[]
  /**
   * `none`: maps alone, and the values' projection is not read. `heads`: their outputs side by side. `projected`: after
   * the output projection, which needs all heads.
   */
  readonly contexts: 'none' | 'heads' | 'projected'
  /** By what biases are multiplied; 1 by default. */
  readonly biasGains?: Readonly<Partial<Record<ProjectionName, number>>>
}

/**
 * A layer's attention as the problem that engines solve. Its weights are the caller's, who may `giveBackWeights`.
 * @param input what enters the layer's attention, after its norm: (T, width)
 */
export async function layerProblem(
  layer: LayerArchitecture,
  weights: Weights,
  input: Float32Array,
  options: LayerProblemOptions,
): Promise<AttentionProblem> {
  const { attention: rule, rotary } = layer
  const { size, visibility } = layerOutline(layer, input.length / layer.output.outputs, options)
  const { contexts, biasGains = {} } = options
  const chosen = options.heads ?? allHeads(rule)
  const keyHeads = keyHeadsOf(rule, chosen)
  const project = (name: ProjectionName): Promise<Projection> =>
    projectionOf(layer, weights, name, name === 'query' ? chosen : keyHeads, biasGains[name] ?? 1)
  const [query, key] = [await project('query'), await project('key')]
  return {
    size,
    operands: {
      kind: 'projected',
      queryInput: input,
      keyInput: input,
      valueInput: input,
      projections: {
        query,
        key,
        value: contexts === 'none' ? null : await project('value'),
        output: contexts === 'projected' ? await whole(layer.output, weights) : null,
      },
      queryNorm: await headNorm(layer.queryNorm, weights),
      keyNorm: await headNorm(layer.keyNorm, weights),
    },
    rotary:
      rotary === null
        ? null
        : {
            frequencies: Float64Array.from(rotaryFrequencies(rotary)),
            interleaved: false,
            queryOffset: 0,
            keyOffset: 0,
            magnitude: rotary.scaling?.type === 'yarn' ? rotary.scaling.attentionFactor : 1,
          },
    visibility,
    scoring: { ...scaled(rule.scale), softCap: rule.softCap },
    dropout: null,
  }
}

/**
 * The outline of a layer's problem for so many positions, without anything being read.
 * @throws RangeError where contexts cannot be projected
 */
export function layerOutline(
  layer: LayerArchitecture,
  length: number,
  { heads, contexts }: Pick<LayerProblemOptions, 'heads' | 'contexts'>,
): ProblemOutline {
  const { attention: rule, output, rotary, queryNorm, keyNorm } = layer
  const chosen = heads ?? allHeads(rule)
  if (contexts === 'projected' && chosen.some((head, index) => head !== index || chosen.length !== rule.heads))
    throw new RangeError('an output projection needs all heads')
  const features = new Set<Feature>()
  if (queryNorm !== null || keyNorm !== null) features.add('norms of queries and keys')
  if (rotary !== null) features.add('rotary positions')
  if (rule.softCap !== null) features.add('a soft cap')
  return {
    size: selfAttentionSize({
      batch: 1,
      length,
      dIn: output.outputs,
      heads: chosen.length,
      keyValueHeads: keyHeadsOf(rule, chosen).length,
      headDim: rule.headDim,
      outputDim: contexts === 'projected' ? output.outputs : 0,
    }),
    visibility: visibilityOfRule(rule, length),
    features,
    context: contexts !== 'none',
  }
}

function allHeads({ heads }: AttentionRule): number[] {
  return Array.from({ length: heads }, (_, head) => head)
}

/** What a layer's queries see. Each has its own position, in an encoder as well. */
export function visibilityOfRule({ causal: isCausal, window }: AttentionRule, length: number): Visibility {
  if (isCausal && window === null) return causal(length)
  return visibilityOf({
    batch: 1,
    heads: 1,
    queries: length,
    keys: length,
    offset: 0,
    causal: isCausal,
    window: [window === null ? null : window - 1, null],
  })
}

/** The key-value heads that some heads read: shared where they still are groups of one size, else one for each. */
function keyHeadsOf({ heads, keyValueHeads }: AttentionRule, chosen: readonly number[]): number[] {
  const read = chosen.map((head) => Math.floor((head * keyValueHeads) / heads))
  const runs = read.filter((head, index) => head !== read[index - 1])
  const size = chosen.length / runs.length
  return read.every((head, index) => head === runs[Math.floor(index / size)]) ? runs : read
}

/** The rows of a projection that belong to some heads, head after head: (heads * headDim, width) */
async function projectionOf(
  { projections, attention }: LayerArchitecture,
  weights: Weights,
  name: ProjectionName,
  heads: readonly number[],
  biasGain: number,
): Promise<Projection> {
  const { headDim } = attention
  const linear = projections.kind === 'fused' ? projections.linear : projections[name]
  const { inputs } = linear
  const which = projectionNames.indexOf(name)
  /** Where a head's rows begin among those of the matrix. */
  const firstRow = (head: number): number => {
    if (projections.kind === 'separate') return head * headDim
    return (projections.order === 'stacked' ? which * attention.heads + head : head * 3 + which) * headDim
  }
  const weight = takeFloats(heads.length * headDim * inputs)
  const bias = linear.bias === null ? null : new Float32Array(heads.length * headDim)
  for (const { first, count, to } of runsOf(heads.map(firstRow), headDim)) {
    await weights.readInto(weight.subarray(to * inputs, (to + count) * inputs), linear.weight, first * inputs)
    if (bias !== null) await weights.readInto(bias.subarray(to, to + count), linear.bias!, first)
  }
  return { weight, bias: biasGain === 1 || bias === null ? bias : bias.map((each) => each * biasGain) }
}

/** Blocks of rows that follow each other, joined: from row `first` on, `count` of them, to row `to` of the result. */
function runsOf(firstRows: readonly number[], rows: number): { first: number; count: number; to: number }[] {
  const runs: { first: number; count: number; to: number }[] = []
  for (const [index, first] of firstRows.entries()) {
    const last = runs.at(-1)
    if (last !== undefined && last.first + last.count === first) last.count += rows
    else runs.push({ first, count: rows, to: index * rows })
  }
  return runs
}

async function whole({ weight, bias, inputs, outputs }: Linear, weights: Weights): Promise<Projection> {
  const values = takeFloats(inputs * outputs)
  await weights.readInto(values, weight, 0)
  return { weight: values, bias: bias === null ? null : await weights.read(bias) }
}

/** The memory of a problem's weights may be used for something else: nobody reads them any more. */
export function giveBackWeights({ operands }: AttentionProblem): void {
  if (operands.kind !== 'projected') return
  const { query, key, value, output } = operands.projections
  for (const projection of [query, key, value, output]) if (projection !== null) giveBackFloats(projection.weight)
}

async function headNorm(norm: Norm | null, weights: Weights): Promise<HeadNorm | null> {
  if (norm === null) return null
  const weight = await weights.read(norm.weight)
  return { weight: norm.plusOne ? weight.map((each) => 1 + each) : weight, epsilon: norm.epsilon }
}
