import type * as TensorFlow from '@tensorflow/tfjs-node-gpu'
import type { Tf } from './load.ts'

/** What an array takes on the device; the array itself may have been given back since, and be empty. */
interface Entry {
  readonly tensor: TensorFlow.Tensor
  readonly bytes: number
}

/**
 * Parameters on the device, by the identity of the array that they came from: a repeated request brings the same
 * array, and telling equal arrays apart by their contents costs more than the copy that it would save.
 * What was used longest ago goes first; an array given to TensorFlow may be shared with it, so it is never written to.
 */
export class ParameterCache {
  readonly #tf: Tf
  readonly #limit: number
  readonly #entries = new Map<Float32Array, Entry>()
  #bytes = 0

  /** `limit`: bytes on the device. */
  constructor(tf: Tf, limit: number) {
    this.#tf = tf
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#entries.size
  }

  /** The tensor of an array, which lives until the cache lets go of it. */
  get(data: Float32Array, shape: number[]): TensorFlow.Tensor {
    const known = this.#entries.get(data)
    if (known !== undefined) {
      this.#entries.delete(data)
      this.#entries.set(data, known)
      return known.tensor
    }
    const made = { tensor: this.#tf.keep(this.#tf.tensor(data, shape)), bytes: data.byteLength }
    this.#entries.set(data, made)
    this.#bytes += made.bytes
    return made.tensor
  }

  /** Lets go of the oldest until the rest fits: between runs, so that none is freed in use. */
  trim(limit = this.#limit): void {
    for (const [data, { tensor, bytes }] of this.#entries) {
      if (this.#bytes <= limit) return
      tensor.dispose()
      this.#entries.delete(data)
      this.#bytes -= bytes
    }
  }

  clear(): void {
    this.trim(-1)
  }
}
