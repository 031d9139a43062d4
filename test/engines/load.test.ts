import { afterEach, describe, expect, it } from 'vitest'
import { defaultEnvironment } from '../../src/config.ts'
import { loadEngines } from '../../src/engines/load.ts'
import type { LoadOptions } from '../../src/engines/load.ts'
import { nvidiaGpus } from '../../src/engines/nvidia.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { directLimit, directWork, Engines } from '../../src/engines/select.ts'
import { selfAttentionOutline } from '../../src/problem/outline.ts'

const study = { batch: 5, length: 8, dIn: 20, heads: 2, headDim: 8, outputDim: 16 }
const small = selfAttentionOutline(study)
const large = selfAttentionOutline({ ...study, length: 2048 })

let engines: Engines
const load = async (options: Partial<LoadOptions>): Promise<Engines> => {
  engines = await loadEngines({
    engine: 'auto',
    device: 'cpu',
    threads: 1,
    version: '1.2.3',
    setEnvironment: defaultEnvironment,
    gpus: 0,
    ...options,
  })
  return engines
}
const reasonOf = (name: string): string => {
  const found = engines.availability.find((each) => each.name === name)!
  return found.available ? '' : found.reason
}
afterEach(() => engines.close())
if (nvidiaGpus() > 0)
  console.warn('SKIPPED: what happens when a GPU is demanded that is not there, since there is one.')

describe('the engines of a process', () => {
  it('by default are direct for what is small and onnxruntime for the rest', async () => {
    const { failure, main, all } = await load({})
    expect(failure).toBeNull()
    expect(main.name).toBe('onnxruntime')
    expect(main.version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(all.map(({ name }) => name)).toEqual(['reference', 'direct', 'onnxruntime'])
    expect(directWork(small)).toBeLessThan(directLimit)
    expect(directWork(large)).toBeGreaterThan(directLimit)
    expect(engines.for(small).name).toBe('direct')
    expect(engines.for(large).name).toBe('onnxruntime')
    expect(engines.for(large, 'reference').name).toBe('reference')
    expect(engines.named('direct').version).toBe('1.2.3')
  })

  it.each(['direct', 'reference', 'onnxruntime'] as const)('is %s for every size when it is forced', async (engine) => {
    await load({ engine })
    expect([engines.for(small).name, engines.for(large).name, engines.main.name]).toEqual([engine, engine, engine])
  })

  it('refuses an engine that cannot solve such a problem, by what it cannot', () => {
    const able = referenceEngine('test')
    const unable: Engine = { ...able, name: 'tensorflow', unsupported: () => 'a soft cap' }
    const some = new Engines([able, unable], able, unable, [])
    expect(() => some.for(small, 'tensorflow')).toThrow(
      expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining('a soft cap') as unknown }),
    )
  })

  it('says why an engine does not run, and refuses it by name', async () => {
    await load({ engine: 'direct' })
    expect(reasonOf('onnxruntime')).toBe('not enabled: ENGINE=direct')
    expect(() => engines.for(small, 'onnxruntime')).toThrow(expect.objectContaining({ code: 'engine-not-enabled' }))
  })

  it.skipIf(nvidiaGpus() > 0).each(['auto', 'onnxruntime', 'direct'] as const)(
    'does not compute on the CPU when a GPU is demanded (%s) and there is none',
    async (engine) => {
      await load({ engine, device: 'gpu' })
      expect(engines.failure).toContain('DEVICE=gpu')
      expect(() => engines.for(small)).toThrow(expect.objectContaining({ code: 'not-ready' }))
    },
  )

  it.skipIf(nvidiaGpus() > 0)('takes the CPU when a GPU is there that no engine can use', async () => {
    await load({ device: 'auto', gpus: 1 })
    expect(engines.failure).toBeNull()
    expect([engines.main.name, engines.main.device]).toEqual(['onnxruntime', 'cpu'])
    expect(reasonOf('tensorflow')).not.toBe('')
  })
})
