import type { Projection, Projections } from '../../problem/operands.ts'
import { Generator, linearBound } from '../../random/generator.ts'
import type { Pairing } from '../config.ts'
import { drawLinear } from '../streams.ts'
import type { ArmName, BiasConfig } from './config.ts'

type Part = 'query' | 'key' | 'value'

/** Weights of CausalSelfAttention, and the biases that were drawn. */
export type BiasModel = Readonly<Record<Part, Projection>>

/** A model, of whose biases the arm uses its own. */
export interface ArmModel {
  readonly arm: ArmName
  readonly model: BiasModel
}

/** Where an arm's numbers are: a head, and what is to be added to each of its context vectors. */
export interface ArmPlace {
  readonly head: number
  readonly shift: Float32Array | null
}

/** What is run for a seed, and what that says of which arm. */
export interface ArmRuns {
  readonly heads: readonly ArmModel[]
  /** In the order of the arms. */
  readonly places: readonly ArmPlace[]
  /** The head with all biases, and the same weights with the query's bias alone: the invariants compare the two. */
  readonly full: number
  readonly queryAlone: number
}

/** What is run where all arms share their weights. */
const sharedRuns: readonly ArmName[] = ['none', 'q', 'qkv']

/** How many heads a seed's problem has. */
export function countHeads(arms: readonly ArmName[], pairing: Pairing): number {
  return pairing === 'notebook' ? arms.length + 1 : sharedRuns.length
}

/**
 * The models of a seed. Where all arms share their weights, three heads say everything: the bias of the keys changes no
 * weight and that of the values adds exactly itself to every context, which each seed's run of `qkv` beside `q` checks
 * (the invariants). So k is none, and v is none with b_v added. With the study's pairing every arm has weights of its
 * own and is run; one more head has those of qkv with the query's bias alone.
 */
export function runArms(
  arms: readonly ArmName[],
  { dIn, dOut, pairing }: Pick<BiasConfig, 'dIn' | 'dOut' | 'pairing'>,
  seed: number,
): ArmRuns {
  if (pairing === 'notebook') {
    const heads = arms.map((arm) => ({ arm, model: drawBiasModel(dIn, dOut, arm, seed) }))
    const full = arms.indexOf('qkv')
    return {
      heads: [...heads, { arm: 'q', model: heads[full]!.model }],
      places: arms.map((_, head) => ({ head, shift: null })),
      full,
      queryAlone: heads.length,
    }
  }
  const model = drawSharedBiasModel(dIn, dOut, seed)
  const places = arms.map((arm) => ({
    head: Math.max(0, sharedRuns.indexOf(arm)),
    shift: arm === 'v' ? model.value.bias : null,
  }))
  return {
    heads: sharedRuns.map((arm) => ({ arm, model })),
    places,
    full: sharedRuns.indexOf('qkv'),
    queryAlone: sharedRuns.indexOf('q'),
  }
}

function hasBias(arm: ArmName, part: Part): boolean {
  return arm !== 'none' && arm.includes(part[0]!)
}

/** The models as heads of one problem, (heads * dOut, dIn); a bias that an arm does not have is 0. */
export function sideBySide(heads: readonly ArmModel[], dIn: number, dOut: number): Projections {
  const projection = (part: Part): Projection => {
    const weight = new Float32Array(heads.length * dOut * dIn)
    const bias = new Float32Array(heads.length * dOut)
    heads.forEach(({ arm, model }, head) => {
      weight.set(model[part].weight, head * dOut * dIn)
      if (hasBias(arm, part)) bias.set(model[part].bias!, head * dOut)
    })
    return { weight, bias }
  }
  return { query: projection('query'), key: projection('key'), value: projection('value'), output: null }
}

/** Every parameter from its own stream: what all arms of a seed share. */
function drawSharedBiasModel(dIn: number, dOut: number, seed: number): BiasModel {
  const projection = (part: Part): Projection => ({
    weight: drawLinear(dOut * dIn, dIn, seed, `W_${part}.weight`),
    bias: drawLinear(dOut, dIn, seed, `W_${part}.bias`),
  })
  return { query: projection('query'), key: projection('key'), value: projection('value') }
}

/**
 * An arm's model as the study built it, right after manual_seed(seed): each Linear's weight, then its bias where the
 * arm has it. A bias moves the draws of everything after it, so that arms share W_query only.
 */
function drawBiasModel(dIn: number, dOut: number, arm: ArmName, seed: number): BiasModel {
  const generator = new Generator(seed)
  const bound = linearBound(dIn)
  const draw = (size: number): Float32Array => {
    const out = new Float32Array(size)
    generator.uniform(out, -bound, bound)
    return out
  }
  const projection = (part: Part): Projection => ({
    weight: draw(dOut * dIn),
    bias: hasBias(arm, part) ? draw(dOut) : null,
  })
  return { query: projection('query'), key: projection('key'), value: projection('value') }
}
