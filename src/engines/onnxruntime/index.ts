import type { AttentionProblem } from '../../models/problem.ts'
import type { AttentionOutput, Engine, Wanted } from '../engine.ts'
import { Sessions } from './sessions.ts'
import type { Runtime } from './sessions.ts'
import { solve } from './solve.ts'

/** Structures whose sessions are kept. */
const sessionLimit = 16

/** 16 MB of scores in a block: enough to keep some cores busy, and little beside the rest of a request. */
const defaultBlockElements = 4_000_000

/**
 * onnxruntime on `threads` cores of the CPU: those that this process may call its own, since one more is far slower.
 * Throws when the package or its native library is not there.
 */
export async function onnxruntimeEngine(threads: number, blockElements = defaultBlockElements): Promise<Engine> {
  const { default: runtime } = (await import('onnxruntime-node')) as unknown as { default: Runtime }
  const sessions = new Sessions(runtime, threads, sessionLimit)
  let last: Promise<unknown> = Promise.resolve()
  return {
    name: 'onnxruntime',
    device: 'cpu',
    version: runtime.env.versions.node!,
    /** One at a time: a run is several native calls, between which others would let sessions go or double the memory. */
    run(problem: AttentionProblem, wanted: Wanted): Promise<AttentionOutput> {
      const output = last.then(() => solve(sessions, problem, wanted, blockElements))
      last = output.catch(() => {})
      return output
    },
    async close() {
      await last
      await sessions.close()
    },
  }
}
