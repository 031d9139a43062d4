import { LRUCache } from 'lru-cache'

/**
 * What entered layers' attention for texts seen before, the least recently used leaving by bytes. Arrays are shared by
 * all who ask: they are not to be written to.
 */
export class HiddenCache {
  readonly #kept: LRUCache<string, Float32Array> | null
  hits = 0
  misses = 0

  constructor(bytes: number) {
    this.#kept =
      bytes < 1 ? null : new LRUCache({ maxSize: bytes, sizeCalculation: (values: Float32Array) => values.byteLength })
  }

  get bytes(): number {
    return this.#kept?.calculatedSize ?? 0
  }

  get(key: string): Float32Array | undefined {
    const found = this.#kept?.get(key)
    if (found === undefined) this.misses++
    else this.hits++
    return found
  }

  set(key: string, values: Float32Array): void {
    this.#kept?.set(key, values)
  }
}

/** What hidden states depend on: the model's weights, how they are computed, a digest of the tokens, the layer. */
export function hiddenKey(sha256: string, backbone: string, tokens: string, layer: number): string {
  return `${sha256} ${backbone} ${tokens} ${layer}`
}
