import { directEngine } from './direct/index.ts'
import type { Device, Engine, EngineName } from './engine.ts'
import { nvidiaGpus } from './nvidia.ts'
import { openOnnxruntime } from './onnxruntime/index.ts'
import { referenceEngine } from './reference/index.ts'
import { Engines } from './select.ts'
import type { Availability } from './select.ts'
import { findTensorFlow, openTensorFlow } from './tensorflow/index.ts'

export interface LoadOptions {
  readonly engine: 'auto' | EngineName
  readonly device: 'auto' | Device
  /** Cores that this process may call its own. */
  readonly threads: number
  /** The service's version, which is that of the engines written here. */
  readonly version: string
  /** Sets variables of this process for native libraries, those that are set already excepted. */
  readonly setEnvironment: (variables: Readonly<Record<string, string>>) => void
  /** NVIDIA GPUs that are visible here. */
  readonly gpus?: number
}

/** An engine, or why it is not there. */
type Found = Engine | string

/**
 * Finds what can run here, and opens what is asked for. `reference` and `direct` always run; `auto` takes an engine on
 * a GPU where there is one, tensorflow before onnxruntime, else onnxruntime on the CPU, and `direct` for what is small.
 * When what was asked for cannot run, nothing runs in its place: `Engines.failure` says why.
 */
export async function loadEngines(options: LoadOptions): Promise<Engines> {
  const { engine, device, threads, version, setEnvironment, gpus = nvidiaGpus() } = options
  const auto = engine === 'auto'
  const wantGpu = device === 'gpu' || (device === 'auto' && gpus > 0)
  const reference = referenceEngine(version)
  const direct = directEngine(version)

  const notAsked = auto
    ? `not enabled: ENGINE=auto with DEVICE=${device} does without it here`
    : `not enabled: ENGINE=${engine}`
  let tensorflow: Found = whyNotTensorFlow(notAsked)
  if (engine === 'tensorflow') tensorflow = await attempt(() => openTensorFlow({ device, threads, setEnvironment }))
  else if (auto && wantGpu) tensorflow = await attempt(() => openTensorFlow({ device: 'gpu', threads, setEnvironment }))

  let onnxruntime: Found = notAsked
  const openOn = (on: Device) => attempt(() => openOnnxruntime({ device: on, threads, setEnvironment }))
  const asked = engine === 'onnxruntime' || auto
  if (asked && wantGpu && typeof tensorflow === 'string') onnxruntime = await openOn('gpu')
  if (asked && device !== 'gpu' && typeof onnxruntime === 'string') onnxruntime = await openOn('cpu')

  const found: Readonly<Record<EngineName, Found>> = { reference, direct, onnxruntime, tensorflow }
  const availability = Object.entries(found).map(([name, engine]) => availabilityOf(name as EngineName, engine))
  const enabled = Object.values(found).filter((each) => typeof each !== 'string')
  const main = auto ? mainOf(found, device) : forced(found[engine], device)
  if (typeof main === 'string')
    return new Engines(enabled, reference, reference, availability, `ENGINE=${engine}, DEVICE=${device}: ${main}`)
  return new Engines(enabled, auto && device !== 'gpu' ? direct : main, main, availability)
}

/** What `auto` runs on, or why there is nothing. */
function mainOf(
  { direct, onnxruntime, tensorflow }: Readonly<Record<EngineName, Found>>,
  device: 'auto' | Device,
): Found {
  if (typeof tensorflow !== 'string') return tensorflow
  if (typeof onnxruntime !== 'string') return onnxruntime
  return device === 'gpu' ? `tensorflow: ${tensorflow}; onnxruntime: ${onnxruntime}` : direct
}

function forced(engine: Found, device: 'auto' | Device): Found {
  if (typeof engine !== 'string' && device === 'gpu' && engine.device !== 'gpu')
    return `${engine.name} computes on the CPU only`
  return engine
}

/** What is to be done to have TensorFlow comes before why it was not asked for. */
function whyNotTensorFlow(notAsked: string): string {
  try {
    findTensorFlow()
    return `${notAsked}; it is installed, ENGINE=tensorflow takes it`
  } catch (error) {
    return (error as Error).message
  }
}

async function attempt(open: () => Promise<Engine>): Promise<Found> {
  try {
    return await open()
  } catch (error) {
    return (error as Error).message
  }
}

function availabilityOf(name: EngineName, found: Found): Availability {
  if (typeof found === 'string') return { name, available: false, reason: found }
  const { device, version } = found
  return { name, available: true, devices: [device], identity: { name, device, version } }
}
