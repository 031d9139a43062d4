import type { Engine } from '../engine.ts'
import { engineFailure } from '../failure.ts'
import { causalSelfAttention, firstUnsupported } from '../unsupported.ts'
import { costOf } from './cost.ts'
import { loadTensorFlow } from './load.ts'
import { allProducts } from '../all-products.ts'
import type { LoadOptions } from './load.ts'
import { ParameterCache } from './parameter-cache.ts'
import { solve } from './solve.ts'

export { findTensorFlow, TensorFlowUnavailable } from './load.ts'

/** Bytes of parameters that stay on the device between requests: a dozen models of width 768. */
const cacheLimit = 128 * 2 ** 20

/** Elements of a block's largest matrix: a CPU's caches want it small, a GPU wants few and large calls. */
const blockLimits = { cpu: 2 ** 22, gpu: 2 ** 25 } as const

/**
 * @tensorflow/tfjs-node-gpu, on a GPU or on the CPU. float32: weights within 1e-6 and contexts within 1e-5 of the
 * reference at width 768. `run` blocks the event loop until the answer is there.
 * @param options.blockElements elements of a block's largest matrix, instead of what suits the device
 * @throws TensorFlowUnavailable with the reason and what to do
 */
export async function openTensorFlow(options: LoadOptions & { readonly blockElements?: number }): Promise<Engine> {
  const { tf, device, version } = loadTensorFlow(options)
  const blockElements = options.blockElements ?? blockLimits[device]
  await tf.ready()
  const cache = new ParameterCache(tf, cacheLimit)
  return {
    name: 'tensorflow',
    device,
    version,
    cost: (outline, wanted) => costOf(outline, wanted, device, blockElements),
    unsupported: (outline) => firstUnsupported(outline, causalSelfAttention),
    async run(problem, wanted, signal) {
      signal?.throwIfAborted() // it blocks the event loop from here on, so that it would hear of nothing
      try {
        if (wanted.products !== true) return solve(tf, cache, problem, wanted, blockElements)
        // Products are wanted by those who look at a kernel, of small problems: they are made here, of the device's stages.
        const output = solve(tf, cache, problem, { ...wanted, queries: true, keys: true }, blockElements)
        const { queries, keys, ...others } = output
        return {
          ...others,
          products: allProducts(queries!, keys!),
          ...(wanted.queries === true ? { queries: queries! } : {}),
          ...(wanted.keys === true ? { keys: keys! } : {}),
        }
      } catch (error) {
        cache.clear()
        throw engineFailure('tensorflow', device, error)
      } finally {
        cache.trim()
      }
    },
    async close() {
      cache.clear()
    },
  }
}
