import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultEnvironment } from '../../src/config.ts'
import type { Engine, EngineName } from '../../src/engines/engine.ts'
import { loadEngines } from '../../src/engines/load.ts'
import { nvidiaGpus } from '../../src/engines/nvidia.ts'
import { verifyEngine } from '../../src/engines/readiness.ts'
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { conformance } from '../conformance/conformance.ts'
import { drawProblem, problemCases } from '../conformance/problems.ts'

const root = join(import.meta.dirname, '..', '..')

/** Why an engine's tests on a GPU cannot run here; undefined when they must. */
export function whySkip(installed: boolean, command: string): string | undefined {
  if (nvidiaGpus() === 0) return 'no NVIDIA GPU is visible here'
  return installed ? undefined : `it is not installed (${command})`
}

/** Opens an engine on the GPU, as the service does. @throws with the reason */
export async function openOnGpu(name: EngineName): Promise<Engine> {
  const engines = await loadEngines({
    engine: name,
    device: 'gpu',
    threads: 1,
    version: 'test',
    setEnvironment: defaultEnvironment,
  })
  if (engines.failure !== null) throw new Error(engines.failure)
  return engines.named(name)
}

/** MiB in use on the first visible GPU, by all processes. */
function gpuMemory(): number {
  const { stdout } = spawnSync('nvidia-smi', ['--id=0', '--query-gpu=memory.used', '--format=csv,noheader,nounits'], {
    encoding: 'utf8',
  })
  return Number(stdout.trim())
}

/** What both GPU engines must do on a real GPU. float32 without TF32: the tolerances would not hold with it. */
export function onGpu(name: EngineName): void {
  describe('conforms', () =>
    conformance(name, () => openOnGpu(name), { tensors: 3e-6, weights: 1e-6, statistics: 3e-6 }))

  describe('in service', () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openOnGpu(name)
    })
    afterAll(() => engine.close())

    it('says that it computes on the GPU, and is ready after a forward pass that agrees with the reference', async () => {
      expect(engine.device).toBe('gpu')
      await verifyEngine(engine, referenceEngine('test'))
    })

    it('holds no more memory after 500 requests', async () => {
      const cases = problemCases.map(drawProblem)
      for (let i = 0; i < 100; i++) await engine.run(cases[i % cases.length]!, { weights: true })
      const [gpu, host] = [gpuMemory(), process.memoryUsage.rss()]
      for (let i = 0; i < 500; i++) await engine.run(cases[i % cases.length]!, { weights: true })
      const grown = { gpu: gpuMemory() - gpu, host: Math.round((process.memoryUsage.rss() - host) / 2 ** 20) }
      console.log(`${name}: after 500 requests ${grown.gpu} MiB more on the GPU, ${grown.host} MiB more on the host`)
      expect(grown.gpu).toBeLessThanOrEqual(16)
      expect(grown.host).toBeLessThan(64)
    })
  })

  it('is not opened on the CPU when the GPU is hidden', () => {
    const script = `
      import { defaultEnvironment } from './src/config.ts'
      import { loadEngines } from './src/engines/load.ts'
      const { failure } = await loadEngines({ engine: '${name}', device: 'gpu', threads: 1, version: 'test', setEnvironment: defaultEnvironment })
      console.log(JSON.stringify({ failure }))`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, CUDA_VISIBLE_DEVICES: '-1' },
    })
    expect((JSON.parse(stdout.trim().split('\n').at(-1)!) as { failure: string | null }).failure).toMatch(/GPU/)
  })
}
