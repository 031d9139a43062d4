import { directEngine } from './direct/index.ts'
import type { Device, EngineName } from './engine.ts'
import { referenceEngine } from './reference/index.ts'
import { Engines } from './select.ts'

/** Finds what can run here. Being extended with onnxruntime and tensorflow. */
export async function loadEngines(options: { engine: 'auto' | EngineName; device: 'auto' | Device; threads: number; version: string }): Promise<Engines> {
  const reference = referenceEngine(options.version)
  const direct = directEngine(options.version)
  const availability = [reference, direct].map((engine) => ({ name: engine.name, available: true as const, devices: ['cpu' as const], identity: { name: engine.name, device: engine.device, version: engine.version } }))
  const main = options.engine === 'reference' ? reference : direct
  return new Engines([reference, direct], main, main, availability)
}
