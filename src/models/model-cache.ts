import { LRUCache } from 'lru-cache'
import { cacheCount } from '../metrics/caches.ts'
import { giveBackFloats } from '../tensor/float-memory.ts'
import { drawModel } from './build.ts'
import type { Model } from './build.ts'
import type { ModelSpec } from './spec.ts'

/** Bytes of parameters that are kept: a dozen models of width 768, thousands of the study's size. */
const limitBytes = 128 * 2 ** 20
/** What a small model costs beside its numbers. */
const overheadBytes = 1024

/** A model and how many work with it. */
interface Entry { readonly model: Model; users: number; cached: boolean }

const models = new LRUCache<string, Entry>({
  maxSize: limitBytes,
  maxEntrySize: limitBytes / 4,
  sizeCalculation: ({ model }) => 2 * parameterBytes(model) + overheadBytes,
  dispose: (entry) => {
    entry.cached = false
    recycleUnused(entry)
  },
})
const count = cacheCount('models')

/** A model that is in use: it is not to be read after `end`. Where its parameters are handed on, it is never ended. */
export interface ModelInUse {
  readonly model: Model
  end(): void
}

/**
 * The model of a spec and seed, drawn when it has not been asked for lately; `mapsAlone`: at least what the maps depend on.
 * Models are never written to while in use.
 */
export function cachedModel(spec: ModelSpec, seed: number, mapsAlone: boolean): ModelInUse {
  const whole = `${spec.kind} ${spec.dIn} ${spec.dOut} ${spec.numHeads} ${spec.qkvBias} ${spec.outProj} ${seed}`
  const key = mapsAlone && !models.has(whole) ? `${whole} maps` : whole
  let entry = models.get(key)
  if (entry === undefined) {
    count.misses++
    entry = { model: drawModel(spec, seed, mapsAlone), users: 0, cached: false }
    models.set(key, entry)
    entry.cached = models.has(key) // it may be too large
  } else {
    count.hits++
  }
  entry.users++
  const used = entry
  return {
    model: entry.model,
    end() {
      used.users--
      recycleUnused(used)
    },
  }
}

function parameterBytes({ parameters }: Model): number {
  let bytes = 0
  for (const { data } of parameters.values()) bytes += data.byteLength
  return bytes
}

/** What has left the cache leaves its memory to the next model, once nobody works with it. */
function recycleUnused({ model, users, cached }: Entry): void {
  if (cached || users > 0) return
  for (const { data } of model.parameters.values()) giveBackFloats(data)
}
