import { LRUCache } from 'lru-cache'
import { cacheCount } from '../metrics/caches.ts'
import type { CacheCount } from '../metrics/caches.ts'
import { giveBackFloats } from '../tensor/float-memory.ts'

/**
 * A value that is in use: its arrays are not to be read after `end`. Where they are handed on, or nobody came for the
 * result, it is never ended; then they are the garbage collector's.
 */
export interface InUse<Value> {
  readonly value: Value
  end(): void
}

interface Entry<Value> {
  readonly value: Value
  users: number
  cached: boolean
}

/**
 * What an array costs beside its numbers, with what names and shapes it: resident memory of thousands of small models.
 */
const bytesBesideNumbers = 1024

interface Options<Value> {
  /** Under which hits and misses are counted. */
  readonly name: string
  readonly limitBytes: number
  readonly arraysOf: (value: Value) => Iterable<Float32Array>
}

/**
 * What has been drawn lately, by a key that says all that it depends on. Values are never written to while in use. What
 * has left the cache leaves its memory to what is drawn next, once nobody works with it.
 */
export class DrawCache<Value> {
  readonly #entries: LRUCache<string, Entry<Value>>
  readonly #arraysOf: Options<Value>['arraysOf']
  readonly #count: CacheCount

  constructor({ name, limitBytes, arraysOf }: Options<Value>) {
    this.#arraysOf = arraysOf
    this.#count = cacheCount(name)
    this.#entries = new LRUCache({
      maxSize: limitBytes,
      maxEntrySize: limitBytes / 4,
      sizeCalculation: ({ value }) => {
        let bytes = 0
        for (const { byteLength } of arraysOf(value)) bytes += byteLength + bytesBesideNumbers
        return bytes
      },
      dispose: (entry) => {
        entry.cached = false
        this.#recycleUnused(entry)
      },
    })
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** The value of this key, drawn when it is not there. */
  use(key: string, draw: () => Value): InUse<Value> {
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#count.misses++
      entry = { value: draw(), users: 0, cached: false }
      this.#entries.set(key, entry)
      entry.cached = this.#entries.has(key) // it may be too large
    } else {
      this.#count.hits++
    }
    entry.users++
    const used = entry
    return {
      value: entry.value,
      end: () => {
        used.users--
        this.#recycleUnused(used)
      },
    }
  }

  #recycleUnused({ value, users, cached }: Entry<Value>): void {
    if (cached || users > 0) return
    for (const array of this.#arraysOf(value)) giveBackFloats(array)
  }
}
