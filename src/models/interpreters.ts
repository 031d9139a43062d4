import type { Interpreter } from '../sources/decoder/backbone/interpreter.ts'
import { onnxruntimeInterpreter } from '../sources/decoder/backbone/onnxruntime.ts'
import type { Runtime } from '../sources/decoder/backbone/onnxruntime.ts'
import { referenceInterpreter } from '../sources/decoder/backbone/reference.ts'
import { tensorflowInterpreter } from '../sources/decoder/backbone/tensorflow.ts'
import type { Tf } from '../sources/decoder/backbone/tensorflow.ts'
import type { Weights } from '../sources/decoder/weights.ts'

/** Ways to run a model's backbone, by the names of the engines that they share a runtime with. */
export const backboneNames = ['onnxruntime', 'reference', 'tensorflow'] as const
export type BackboneName = (typeof backboneNames)[number]

/** How to open each that there is here. */
export type Backbones = Readonly<Partial<Record<BackboneName, (weights: Weights) => Promise<Interpreter>>>>

export interface BackboneOptions {
  /** Cores that this process may call its own. */
  readonly threads: number
  /** The module of onnxruntime, by default as it is installed; null: there is none. */
  readonly onnxruntime?: (() => Promise<Runtime>) | null
  /** TensorFlow as its engine has loaded it; left out where it is not enabled. */
  readonly tensorflow?: () => Promise<Tf>
}

/** The backbones of a process. `reference` is always there. */
export function backbonesOf({ threads, onnxruntime = loadOnnxruntime, tensorflow }: BackboneOptions): Backbones {
  return {
    reference: async (weights) => referenceInterpreter(weights) as Interpreter,
    ...(onnxruntime === null
      ? {}
      : {
          onnxruntime: async (weights: Weights) =>
            onnxruntimeInterpreter(await onnxruntime(), weights, { threads }) as Interpreter,
        }),
    ...(tensorflow === undefined
      ? {}
      : { tensorflow: async (weights: Weights) => tensorflowInterpreter(await tensorflow(), weights) as Interpreter }),
  }
}

/** Its native library takes a tenth of a second, so that it is loaded when the first model is. */
async function loadOnnxruntime(): Promise<Runtime> {
  const { default: runtime } = (await import('onnxruntime-node')) as unknown as { default: Runtime }
  return runtime
}
