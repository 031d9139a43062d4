import { drawModel } from './build.ts'
import type { Model } from './build.ts'
import { DrawCache } from '../draw-cache.ts'
import type { InUse } from '../draw-cache.ts'
import type { ModelSpec } from './spec.ts'

/**
 * Half a dozen models of width 768, ten thousand of the study's size; joined for the engines, a wrapper's are there
 * twice.
 */
const models = new DrawCache<Model>({ name: 'models', limitBytes: 64 * 2 ** 20, arraysOf: parametersOf })

function* parametersOf({ parameters }: Model): Generator<Float32Array> {
  for (const { data } of parameters.values()) yield data
}

/**
 * The model of a spec and seed, unless it has been asked for lately newly drawn; `mapsAlone`: at least what the maps
 * depend on.
 */
export function cachedModel(spec: ModelSpec, seed: number, mapsAlone: boolean): InUse<Model> {
  const whole = `${spec.kind} ${spec.dIn} ${spec.dOut} ${spec.numHeads} ${spec.qkvBias} ${spec.outProj} ${seed}`
  const key = mapsAlone && !models.has(whole) ? `${whole} maps` : whole
  return models.use(key, () => drawModel(spec, seed, mapsAlone))
}
