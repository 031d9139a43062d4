import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu'
import type { Device } from '../engine.ts'
import { whyNoGpu } from '../nvidia.ts'

export type Tf = typeof TensorFlow

/** What libtensorflow reads from the environment when it is loaded, or a reason why the engine cannot run. */
export interface LoadOptions {
  /** `auto` takes a GPU when TensorFlow really sees one. */
  readonly device: Device | 'auto'
  /** Threads of one operation on the CPU; TensorFlow takes all cores otherwise. */
  readonly threads?: number
  /** Sets variables of this process for native libraries, those that are set already excepted. */
  readonly setEnvironment: (variables: Readonly<Record<string, string>>) => void
}

export interface Loaded {
  readonly tf: Tf
  readonly device: Device
  /** libtensorflow's version and the binding's, e.g. `2.21.0 (tfjs-node-gpu 4.22.0)`. */
  readonly version: string
}

/** The engine cannot run here; the message says why and what to do. */
export class TensorFlowUnavailable extends Error {}

const packageName = '@tensorflow/tfjs-node-gpu'
const command = 'npm run install:tensorflow'
const remedy = `${command} installs it`

/**
 * Environment for libtensorflow: float32 products in float32 (TF32, on by default since Ampere, is 1e-3 off), memory
 * taken as needed instead of nearly all of it, and warnings logged but not every step of the start.
 */
function environment({ device, threads }: LoadOptions): Record<string, string> {
  return {
    NVIDIA_TF32_OVERRIDE: '0',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_CPP_MIN_LOG_LEVEL: '1',
    ...(threads === undefined ? {} : { TF_NUM_INTRAOP_THREADS: String(threads) }),
    ...(device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  }
}

/**
 * Node 23 dropped two functions of `util` that the package calls; without them it loads, and its first operation
 * throws.
 */
function restoreUtil(): void {
  const util = require('node:util') as {
    isNullOrUndefined?: (value: unknown) => boolean
    isArray?: (value: unknown) => boolean
  }
  util.isNullOrUndefined ??= (value) => value === null || value === undefined
  util.isArray = Array.isArray // still there, but it warns
}

const require = createRequire(import.meta.url)

/** The package's folder, with a libtensorflow in it; loads nothing. @throws TensorFlowUnavailable */
export function findTensorFlow(): string {
  let folder: string
  try {
    folder = dirname(require.resolve(`${packageName}/package.json`))
  } catch {
    throw new TensorFlowUnavailable(
      `the npm package ${packageName} is not installed; npm ci (without --omit=optional), then ${remedy}`,
    )
  }
  // Written last by the installer: without it the library may be there in part only.
  if (!existsSync(join(folder, 'deps', 'installed.json')))
    throw new TensorFlowUnavailable(`libtensorflow is not installed; ${remedy}`)
  return folder
}

/** Loads TensorFlow once for this process. @throws TensorFlowUnavailable */
export function loadTensorFlow(options: LoadOptions): Loaded {
  const folder = findTensorFlow()
  options.setEnvironment(environment(options))
  restoreUtil()
  let tf: Tf
  try {
    tf = require(packageName) as Tf
  } catch (error) {
    throw new TensorFlowUnavailable(
      `TensorFlow could not be loaded: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}; ${command} -- --force installs it anew`,
    )
  }
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as {
    isUsingGpuDevice: boolean
    binding: { TF_Version: string }
  }
  if (options.device === 'gpu' && !isUsingGpuDevice) {
    throw new TensorFlowUnavailable(
      whyNoGpu('TensorFlow', { folder: join(folder, 'deps', 'nvidia'), command: `${command} -- --cuda` }),
    )
  }
  if (options.device === 'cpu' && isUsingGpuDevice)
    throw new TensorFlowUnavailable(
      'the CPU is asked for, but CUDA_VISIBLE_DEVICES shows TensorFlow a GPU: unset it or set it to -1',
    )
  return {
    tf,
    device: isUsingGpuDevice ? 'gpu' : 'cpu',
    version: `${binding.TF_Version} (tfjs-node-gpu ${tf.version['tfjs-node']})`,
  }
}
