import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { estimate } from '../../src/attention/estimate.ts'
import { needsOf } from '../../src/attention/request.ts'
import { defaultEnvironment } from '../../src/config.ts'
import type { EngineName } from '../../src/engines/engine.ts'
import { loadEngines } from '../../src/engines/load.ts'
import type { AttentionForm } from '../../src/http/attention-forms.ts'
import { request } from '../figures/results.ts'
import { absent } from '../support/skip.ts'
import type { MeasuredRequest, Measurement } from './measure-request.ts'

const script = fileURLToPath(new URL('measure-request.ts', import.meta.url))
const flags = ['--expose-gc', '--external-memory-accounted-in-global-limit', '--initial-heap-size=128']

async function measure(of: MeasuredRequest): Promise<Measurement> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, JSON.stringify(of)])
  return JSON.parse(stdout) as Measurement
}

const MiB = 2 ** 20
/** What a process takes or leaves between two collections of its garbage. */
const slack = 12 * MiB

const multiHead = (heads: number, width: number, randn: readonly number[], more: object) => ({
  kind: 'multi-head' as const,
  body: { model: { d_in: randn[2], d_out: width, num_heads: heads, dropout: 0.1 }, input: { randn }, ...more },
})

const grid: Readonly<Record<string, Pick<MeasuredRequest, 'kind' | 'body'>>> = {
  'weights and scores': multiHead(12, 768, [1, 1024, 768], { return: ['weights', 'scores'] }),
  'a summary': multiHead(12, 768, [1, 768, 768], { return: ['summary'] }),
  'every stage': multiHead(8, 256, [4, 512, 256], {
    return: ['queries', 'keys', 'values', 'context_heads', 'context', 'scores'],
  }),
  'many short items': multiHead(4, 64, [2000, 8, 64], { return: ['weights', 'context', 'summary'] }),
  'train mode': multiHead(12, 192, [1, 1024, 192], { mode: 'train', return: ['weights', 'context'] }),
  'a wide model': multiHead(8, 2048, [1, 8, 2048], { return: ['context'] }),
  'many heads': {
    kind: 'multi-head-wrapper',
    body: {
      model: { d_in: 2, d_out: 1, num_heads: 20_000, out_proj: false },
      input: { randn: [1, 2, 2] },
      return: ['weights'],
    },
  },
}
const figures: readonly (readonly [form: AttentionForm, heads: number, length: number])[] = [
  ['svg', 1, 200],
  ['svg', 96, 8],
  ['png', 12, 64],
  ['png', 96, 40],
  ['vegalite', 12, 300],
]

describe.skipIf(absent(!existsSync('/proc/self/clear_refs'), 'Linux, whose /proc tells the peak of memory'))(
  'the bytes that are reserved for a request',
  () => {
    const expectEnough = ({ estimatedBytes, takenBytes }: Measurement): void => {
      console.log(`estimated ${(estimatedBytes / MiB).toFixed(0)} MiB, taken ${(takenBytes / MiB).toFixed(0)} MiB`)
      expect(estimatedBytes).toBeGreaterThan((takenBytes - slack) / 1.5)
      expect(estimatedBytes).toBeLessThan(3 * (takenBytes + slack))
    }

    describe.each(['direct', 'reference', 'onnxruntime'] as const)('on %s', (engine) => {
      it.each(Object.keys(grid))('are what it takes: %s', { timeout: 120_000 }, async (name) => {
        expectEnough(await measure({ ...grid[name]!, engine, form: 'json' }))
      })
    })

    it.each(figures)(
      'are what it takes: %s of %i heads, %i positions',
      { timeout: 120_000 },
      async (form, heads, length) => {
        expectEnough(await measure({ ...multiHead(heads, heads * 4, [1, length, 8], {}), engine: 'auto', form }))
      },
    )
  },
)

describe('what a request is estimated to take', () => {
  let engines: Awaited<ReturnType<typeof loadEngines>>
  beforeAll(async () => {
    engines = await loadEngines({
      engine: 'onnxruntime',
      device: 'cpu',
      threads: 1,
      version: 'test',
      setEnvironment: defaultEnvironment,
      gpus: 0,
    })
    return () => engines.close()
  })
  const asked = request({ input: { randn: [1, 1024, 20], seed: 1, advance: 0 }, spec: { contextLength: 1024 } })

  it('is asked of the engine that will run, whoever chose it', () => {
    const { reference, direct } = { reference: engines.named('reference'), direct: engines.named('direct') }
    const [outline] = asked.source.outlines(needsOf(asked.returns))
    const wanted = { weights: true }
    expect(reference.cost(outline, wanted).bytes).toBeGreaterThan(direct.cost(outline, wanted).bytes)
    expect(reference.cost(outline, wanted).operations).toBeGreaterThan(5 * direct.cost(outline, wanted).operations)
    for (const name of [undefined, 'reference', 'direct'] as readonly (EngineName | undefined)[]) {
      const engine = engines.for(outline, name)
      expect(estimate(asked, engine).bytes).toBeGreaterThan(engine.cost(outline, { ...wanted, scores: true }).bytes)
    }
  })

  it('counts long rows by what they see: 30,000 positions of one head are many seconds in plain loops', () => {
    const long = request({
      spec: { kind: 'causal', dIn: 2, dOut: 2, numHeads: 1, contextLength: 30_000, outProj: false },
      input: { randn: [1, 30_000, 2], seed: 1, advance: 0 },
      returns: new Set(['summary']),
    })
    expect(estimate(long, engines.named('direct')).operations).toBeGreaterThan(16e9)
  })

  it('is told of a request that no memory holds, at once and without taking any', () => {
    const length = 2 ** 31 - 1
    const absurd = request({
      spec: { contextLength: length },
      input: { randn: [length, length, 20], seed: 1, advance: 0 },
    })
    const before = process.memoryUsage().rss
    for (const engine of engines.all) expect(estimate(absurd, engine).bytes).toBeGreaterThan(1e18)
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 24)
  })
})
