import type { AttentionProblem } from '../../problem/problem.ts'
import type { AttentionOutput, Device, Engine, Wanted } from '../engine.ts'
import { engineFailure } from '../failure.ts'
import { costOf } from './cost.ts'
import { cudaEnvironment, whyNoCuda } from './cuda.ts'
import { Sessions } from './sessions.ts'
import type { Runtime } from './sessions.ts'
import { solve } from './solve.ts'

/** Structures whose sessions are kept. */
const sessionLimit = 16

/** 16 MB of scores in a block: enough to keep some cores busy, and little beside the rest of a request. */
const defaultBlockElements = 4_000_000

export interface OnnxruntimeOptions {
  readonly device: Device
  /** Cores that this process may call its own: one more thread than that is far slower. */
  readonly threads: number
  /** Sets variables of this process for native libraries, those that are set already excepted. */
  readonly setEnvironment: (variables: Readonly<Record<string, string>>) => void
  /** Scores of a block, instead of what suits a CPU. */
  readonly blockElements?: number
}

/** @throws with the reason when the package, its native library or the device is not there. */
export async function openOnnxruntime(options: OnnxruntimeOptions): Promise<Engine> {
  const { device, threads, blockElements = defaultBlockElements } = options
  if (device === 'gpu') options.setEnvironment(cudaEnvironment)
  const runtime = await loadRuntime()
  const noCuda = device === 'gpu' ? await whyNoCuda(runtime) : undefined
  if (noCuda !== undefined) throw new Error(noCuda)
  const sessions = new Sessions(runtime, device, threads, sessionLimit)
  let last: Promise<unknown> = Promise.resolve()
  return {
    name: 'onnxruntime',
    device,
    version: runtime.env.versions.node!,
    cost: (outline, wanted) => costOf(outline, wanted, blockElements),
    unsupported: () => null,
    /**
     * One at a time: a run is several native calls, between which others would let sessions go or double the memory.
     */
    run(problem: AttentionProblem, wanted: Wanted, signal?: AbortSignal): Promise<AttentionOutput> {
      const output = last
        .then(() => solve(sessions, problem, wanted, blockElements, signal))
        .catch((error: unknown) => {
          signal?.throwIfAborted()
          throw engineFailure('onnxruntime', device, error)
        })
      last = output.catch(() => {})
      return output
    },
    async close() {
      await last
      await sessions.close()
    },
  }
}

async function loadRuntime(): Promise<Runtime> {
  let runtime: Runtime
  try {
    ;({ default: runtime } = (await import('onnxruntime-node')) as unknown as { default: Runtime })
  } catch (error) {
    throw new Error(`onnxruntime-node could not be loaded: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
    })
  }
  runtime.env.logLevel = 'error' // it warns of a GPU that it does not find
  return runtime
}
