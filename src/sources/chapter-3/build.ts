import { Generator, linearBound } from '../../random/generator.ts'
import { takeFloats } from '../../tensor/float-memory.ts'
import { sizeOf } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { modelClasses } from './classes.ts'
import { shapesMaps } from './model.ts'
import type { NamedParameters } from '../source.ts'
import type { DropoutMask } from '../../problem/dropout.ts'
import type { Projections } from '../../problem/operands.ts'
import { headsWidth, outputDim } from './spec.ts'
import type { ModelSpec } from './spec.ts'

/** A model with its parameters, ready to be run; never written to. */
export interface Model {
  readonly parameters: NamedParameters
  readonly projections: Projections
  /** A generator where train mode's dropout goes on: after the constructor's draws, or fresh for given parameters. */
  readonly dropoutGenerator: () => Generator
}

/**
 * A model as torch.manual_seed(seed) and the class's constructor draw it; `mapsAlone`: as much of it as the maps depend
 * on.
 */
export function drawModel(spec: ModelSpec, seed: number, mapsAlone = false): Model {
  const constructing = new Generator(seed)
  const parameters = drawParameters(spec, constructing, mapsAlone)
  constructing.end()
  const dropoutGenerator = (): Generator => {
    const generator = new Generator(seed)
    generator.skipUniform(countParameters(spec))
    return generator
  }
  return { parameters, projections: modelClasses[spec.kind].lower(spec, parameters), dropoutGenerator }
}

/** A model of given parameters. */
export function givenModel(spec: ModelSpec, parameters: NamedParameters, dropoutSeed: number): Model {
  return {
    parameters,
    projections: modelClasses[spec.kind].lower(spec, parameters),
    dropoutGenerator: () => new Generator(dropoutSeed),
  }
}

/**
 * Number of a model's parameters, which all classes share out among the same Linears, without naming or drawing them.
 */
export function countParameters(spec: ModelSpec): number {
  const width = headsWidth(spec)
  return 3 * width * (spec.dIn + Number(spec.qkvBias)) + (spec.outProj ? outputDim(spec) * (width + 1) : 0)
}

/** How many tensors these are: a wrapper has its own for each head. */
export function countParameterTensors(spec: ModelSpec): number {
  const linears = 3 * (spec.kind === 'multi-head-wrapper' ? spec.numHeads : 1)
  return linears * (spec.qkvBias ? 2 : 1) + (spec.outProj ? 2 : 0)
}

/**
 * `nn.Linear`'s default initialisation for each parameter, in the constructor's order; `mapsAlone`: those of queries
 * and keys.
 */
export function drawParameters(spec: ModelSpec, generator: Generator, mapsAlone = false): NamedParameters {
  const parameters = new Map<string, Tensor>()
  let passed = 0
  for (const parameter of modelClasses[spec.kind].parameters(spec)) {
    const { name, shape, fanIn } = parameter
    if (mapsAlone && !shapesMaps(parameter)) {
      passed += sizeOf(shape)
      continue
    }
    generator.skipUniform(passed)
    passed = 0
    const bound = linearBound(fanIn)
    const data = takeFloats(sizeOf(shape))
    generator.uniform(data, -bound, bound)
    parameters.set(name, { shape, data })
  }
  return parameters
}

/** Train mode's mask, (batch, heads, query, key), drawn in the order in which the class's dropout layers run. */
export function drawDropoutMask(spec: ModelSpec, model: Model, batch: number, seqLen: number): DropoutMask {
  const generator = model.dropoutGenerator()
  const map = seqLen * seqLen
  const keep = new Uint8Array(batch * spec.numHeads * map)
  if (modelClasses[spec.kind].dropoutOrder === 'batch') {
    generator.keepMask(keep, spec.dropout)
  } else {
    const headKeep = new Uint8Array(batch * map) // (batch, query, key) of one head
    for (let head = 0; head < spec.numHeads; head++) {
      generator.keepMask(headKeep, spec.dropout)
      for (let item = 0; item < batch; item++) {
        keep.set(headKeep.subarray(item * map, (item + 1) * map), (item * spec.numHeads + head) * map)
      }
    }
  }
  return { keep, keepProbability: 1 - spec.dropout }
}
