import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { whyNoGpu } from '../nvidia.ts'
import { Graph } from '../../onnx/graph.ts'

/**
 * onnxruntime on CUDA. npm's onnxruntime-node loads the provider that `npm run install:cuda` lays beside it; of the
 * provider's own options it hands on the device's number only, so TF32 is turned off for all of NVIDIA's libraries.
 * To be set before the first session is made.
 */
export const cudaEnvironment = { NVIDIA_TF32_OVERRIDE: '0' } as const

/** What a session on CUDA adds to its options: it is refused when a part of its graph would be left to the CPU. */
export const cudaSessionOptions: InferenceSession.SessionOptions = {
  executionProviders: [{ name: 'cuda', deviceId: 0 }],
  extra: { session: { disable_cpu_ep_fallback: '1' } },
}

interface Runtime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>
  }
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: number[]) => Tensor
}

/** Computes a small product on CUDA. @returns undefined when that works, else why it does not and what to do. */
export async function whyNoCuda(ort: Runtime): Promise<string | undefined> {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const libraries = join(folder, 'bin', 'napi-v6', 'linux', 'x64', 'cuda')
  const command = 'npm run install:cuda'
  if (!existsSync(join(libraries, 'installed.json')))
    return `onnxruntime's CUDA provider is not installed; ${command} installs it`
  const graph = new Graph()
  const x = graph.input('x', 'float', 2)
  graph.output('y', graph.op('MatMul', [x, x]))
  try {
    const session = await ort.InferenceSession.create(graph.model(), cudaSessionOptions)
    const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]) })
    await session.release()
    const got = [...(y!.data as Float32Array)]
    return got.join() === '7,10,15,22' ? undefined : `a product on the GPU gave ${got.join(' ')} instead of 7 10 15 22`
  } catch {
    return whyNoGpu('onnxruntime', { folder: libraries, command })
  }
}
