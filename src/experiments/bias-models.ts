import type { Projection, Projections } from '../models/problem.ts'
import { Generator, linearBound } from '../random/generator.ts'
import type { ArmName } from './config.ts'
import { drawLinear } from './streams.ts'

type Part = 'query' | 'key' | 'value'

/** Weights of CausalSelfAttention, and the biases that were drawn. */
export type BiasModel = Readonly<Record<Part, Projection>>

/** A model, of whose biases the arm uses its own. */
export interface ArmModel {
  readonly arm: ArmName
  readonly model: BiasModel
}

function hasBias(arm: ArmName, part: Part): boolean {
  return arm !== 'none' && arm.includes(part[0]!)
}

/** The arms as heads of one problem, (arms * dOut, dIn); a bias that an arm does not have is 0. */
export function sideBySide(models: readonly ArmModel[], dIn: number, dOut: number): Projections {
  const projection = (part: Part): Projection => {
    const weight = new Float32Array(models.length * dOut * dIn)
    const bias = new Float32Array(models.length * dOut)
    models.forEach(({ arm, model }, head) => {
      weight.set(model[part].weight, head * dOut * dIn)
      if (hasBias(arm, part)) bias.set(model[part].bias!, head * dOut)
    })
    return { weight, bias }
  }
  return { query: projection('query'), key: projection('key'), value: projection('value'), output: null }
}

/** Every parameter from its own stream: what all arms of a seed share. */
export function drawSharedBiasModel(dIn: number, dOut: number, seed: number): BiasModel {
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
export function drawBiasModel(dIn: number, dOut: number, arm: ArmName, seed: number): BiasModel {
  const generator = new Generator(seed)
  const bound = linearBound(dIn)
  const draw = (size: number): Float32Array => {
    const out = new Float32Array(size)
    generator.uniform(out, -bound, bound)
    return out
  }
  const projection = (part: Part): Projection => ({ weight: draw(dOut * dIn), bias: hasBias(arm, part) ? draw(dOut) : null })
  return { query: projection('query'), key: projection('key'), value: projection('value') }
}
