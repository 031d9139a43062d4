import { LRUCache } from 'lru-cache'
import { cacheCount } from '../metrics/caches.ts'
import { drawModel } from './build.ts'
import type { Model } from './build.ts'
import type { ModelSpec } from './spec.ts'

/** Bytes of parameters that are kept: a dozen models of width 768, thousands of the study's size. */
const limitBytes = 128 * 2 ** 20
/** What a small model costs beside its numbers. */
const overheadBytes = 1024

const models = new LRUCache<string, Model>({ maxSize: limitBytes, maxEntrySize: limitBytes / 4, sizeCalculation: ({ numParameters }) => numParameters * 8 + overheadBytes })
const count = cacheCount('models')

/** The model of a spec and seed, drawn when it has not been asked for lately. Models are never written to. */
export function cachedModel(spec: ModelSpec, seed: number): Model {
  const key = `${spec.kind} ${spec.dIn} ${spec.dOut} ${spec.numHeads} ${spec.qkvBias} ${spec.outProj} ${seed}`
  const known = models.get(key)
  if (known !== undefined) {
    count.hits++
    return known
  }
  count.misses++
  const model = drawModel(spec, seed)
  models.set(key, model)
  return model
}
