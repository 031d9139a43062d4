import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { cacheCount } from '../../metrics/caches.ts'
import { takeFloats } from '../../tensor/float-memory.ts'
import { sizeOf } from '../../tensor/tensor.ts'
import type { Device } from '../engine.ts'
import { cudaSessionOptions } from './cuda.ts'

/** The module, which is loaded only where this engine is used: its native library takes a tenth of a second. */
export type Runtime = typeof import('onnxruntime-node')

/** What a graph reads: floats, bytes or whole numbers of 32 bits with their shape, or of 64 bits as they are. */
export type Feeds = Readonly<
  Record<string, readonly [Float32Array | Uint8Array | Int32Array, readonly number[]] | readonly number[]>
>
/** The shape of each output of a graph, float32 throughout. */
export type Shapes = Readonly<Record<string, readonly number[]>>
/**
 * What it has written, in memory that is the caller's: to be given back (tensor/float-memory.ts) when nobody reads it
 * any more.
 */
export type Results = Readonly<Record<string, Float32Array>>

const count = cacheCount('sessions')

/**
 * Sessions by the structure of their graph, the least recently used released when there are too many. Sizes are no part
 * of a structure, so there are a few dozen that a client could ask for; each takes some milliseconds to make, and holds
 * threads and memory.
 */
export class Sessions {
  readonly #runtime: Runtime
  readonly #options: InferenceSession.SessionOptions
  readonly #limit: number
  readonly #sessions = new Map<string, InferenceSession>()

  constructor(runtime: Runtime, device: Device, threads: number, limit: number) {
    this.#runtime = runtime
    this.#limit = limit
    this.#options = {
      executionProviders: device === 'gpu' ? cudaSessionOptions.executionProviders! : ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableMemPattern: false, // plans for the peak of the shapes it has seen: slower here, and larger
      logSeverityLevel: 3,
      extra: {
        session: {
          intra_op: { allow_spinning: '0' }, // waiting threads leave their core to others
          ...(device === 'gpu' ? (cudaSessionOptions.extra!.session as object) : {}),
        },
      },
    }
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Runs the session of a structure, built when it is not there. Not to be called while another run is under way. */
  async run(structure: string, build: () => Uint8Array, feeds: Feeds, outputs: Shapes): Promise<Results> {
    const session = await this.#get(structure, build)
    const tensors = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, this.#tensor(value)]))
    const results: Record<string, Float32Array> = {}
    const fetches: Record<string, Tensor> = {}
    for (const [name, shape] of Object.entries(outputs)) {
      results[name] = takeFloats(sizeOf(shape))
      fetches[name] = this.#tensor([results[name], shape])
    }
    await session.run(tensors, fetches)
    return results
  }

  async #get(structure: string, build: () => Uint8Array): Promise<InferenceSession> {
    let session = this.#sessions.get(structure)
    if (session === undefined) {
      count.misses++
      session = await this.#runtime.InferenceSession.create(build(), this.#options)
    } else {
      count.hits++
      this.#sessions.delete(structure)
    }
    this.#sessions.set(structure, session) // the map's last is the most recently used
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > this.#limit) await this.#release(oldest!)
    return session
  }

  #tensor(value: Feeds[string]): Tensor {
    const { Tensor } = this.#runtime
    const [data, shape] = value
    if (data instanceof Float32Array) return new Tensor('float32', data, shape as readonly number[])
    if (data instanceof Uint8Array) return new Tensor('uint8', data, shape as readonly number[])
    if (data instanceof Int32Array) return new Tensor('int32', data, shape as readonly number[])
    return new Tensor('int64', BigInt64Array.from(value as readonly number[], BigInt), [value.length])
  }

  async close(): Promise<void> {
    for (const structure of [...this.#sessions.keys()]) await this.#release(structure)
  }

  async #release(structure: string): Promise<void> {
    const session = this.#sessions.get(structure)!
    this.#sessions.delete(structure)
    await session.release()
  }
}
