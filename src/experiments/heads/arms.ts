import { drawParameters } from '../../sources/chapter-3/build.ts'
import { modelClasses } from '../../sources/chapter-3/classes.ts'
import type { Projections } from '../../problem/operands.ts'
import type { ModelSpec } from '../../sources/chapter-3/spec.ts'
import { Generator } from '../../random/generator.ts'
import { inputSize } from '../config.ts'
import { drawLinear } from '../streams.ts'
import type { HeadsConfig } from './config.ts'

/** A number of heads at a width. */
export interface HeadsArm {
  readonly name: string
  readonly numHeads: number
  readonly headDim: number
  readonly dOut: number
}

/**
 * The numbers of heads at fixed d_out, where head_dim shrinks as heads are added, then at the first one's head_dim,
 * where d_out grows instead: the study changed heads and head_dim together, these tell them apart.
 */
export function headsArms({ numHeads, dOut }: Pick<HeadsConfig, 'numHeads' | 'dOut'>): readonly HeadsArm[] {
  const headDim = dOut / numHeads[0]!
  return [
    ...numHeads.map((heads) => ({ name: `heads-${heads}`, numHeads: heads, headDim: dOut / heads, dOut })),
    ...numHeads.slice(1).map((heads) => ({
      name: `heads-${heads}-head-dim-${headDim}`,
      numHeads: heads,
      headDim,
      dOut: heads * headDim,
    })),
  ]
}

/**
 * Which arm is held against which: every one against the first, and against the one of as many heads at fixed d_out.
 */
export function headsComparisons(
  config: Pick<HeadsConfig, 'numHeads' | 'dOut'>,
): readonly { arm: string; baseline: string }[] {
  const [first, ...others] = headsArms(config)
  const fixed = others.slice(0, config.numHeads.length - 1)
  const wider = others.slice(config.numHeads.length - 1)
  return [
    ...others.map(({ name }) => ({ arm: name, baseline: first!.name })),
    ...wider.map(({ name }, i) => ({ arm: name, baseline: fixed[i]!.name })),
  ]
}

/** The arm whose heads are compared with each other: the first, or where that has a single head the next. */
export function similarityArm(config: Pick<HeadsConfig, 'numHeads' | 'dOut'>): HeadsArm {
  return headsArms(config).find(({ numHeads }) => numHeads > 1)!
}

/** The size of an arm's problem, its output projection apart. */
export function headsSize(
  config: HeadsConfig,
  arm: HeadsArm,
  batch: number,
): { batch: number; length: number; dIn: number; heads: number; headDim: number } {
  return {
    batch,
    length: inputSize(config.input).seqLen,
    dIn: config.dIn,
    heads: arm.numHeads,
    headDim: arm.headDim,
  }
}

function headsSpec(config: HeadsConfig, arm: HeadsArm): ModelSpec {
  return {
    kind: 'multi-head',
    dIn: config.dIn,
    dOut: arm.dOut,
    contextLength: inputSize(config.input).seqLen,
    numHeads: arm.numHeads,
    dropout: config.dropout,
    qkvBias: false,
    outProj: true,
  }
}

/** The projections of models of a seed, by their width: arms of one width share them with either pairing. */
export function drawHeadsProjections(config: HeadsConfig, seed: number): (arm: HeadsArm) => Projections {
  const drawn = new Map<number, Projections>()
  return (arm) => {
    const known = drawn.get(arm.dOut)
    if (known !== undefined) return known
    const projections =
      config.pairing === 'parameters'
        ? fromStreams(config.dIn, arm.dOut, seed)
        : asTheStudy(headsSpec(config, arm), seed)
    drawn.set(arm.dOut, projections)
    return projections
  }
}

/** The first rows of a wider arm's weights are a narrower one's. */
function fromStreams(dIn: number, dOut: number, seed: number): Projections {
  const projection = (name: 'query' | 'key' | 'value') => ({
    weight: drawLinear(dOut * dIn, dIn, seed, `W_${name}.weight`),
    bias: null,
  })
  return {
    query: projection('query'),
    key: projection('key'),
    value: projection('value'),
    output: {
      weight: drawLinear(dOut * dOut, dOut, seed, 'out_proj.weight'),
      bias: drawLinear(dOut, dOut, seed, 'out_proj.bias'),
    },
  }
}

function asTheStudy(spec: ModelSpec, seed: number): Projections {
  return modelClasses[spec.kind].lower(spec, drawParameters(spec, new Generator(seed)))
}
