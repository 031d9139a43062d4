import { afterAll, describe, expect, it } from 'vitest'
import { defaultEnvironment } from '../../../src/config.ts'
import { directEngine } from '../../../src/engines/direct/index.ts'
import type { Engine } from '../../../src/engines/engine.ts'
import { openOnnxruntime } from '../../../src/engines/onnxruntime/index.ts'
import { referenceEngine } from '../../../src/engines/reference/index.ts'
import { outlineOf } from '../../../src/problem/outline.ts'
import type { AttentionProblem } from '../../../src/problem/problem.ts'
import { planOf } from '../../../src/sources/decoder/backbone/plan.ts'
import { referenceInterpreter } from '../../../src/sources/decoder/backbone/reference.ts'
import { runBackbone } from '../../../src/sources/decoder/backbone/run.ts'
import type { LayerOutput } from '../../../src/sources/decoder/backbone/run.ts'
import { layerOutline, layerProblem } from '../../../src/sources/decoder/layer.ts'
import type { LayerProblemOptions } from '../../../src/sources/decoder/layer.ts'
import { openTruthModel, truthModels } from './models.ts'
import type { TruthModel } from './models.ts'

const reference = referenceEngine('test')
const onnxruntime = await openOnnxruntime({ device: 'cpu', threads: 1, setEnvironment: defaultEnvironment })
const engines = [reference, directEngine('test'), onnxruntime]
afterAll(() => onnxruntime.close())

function problemOf(model: TruthModel, { layer, values }: LayerOutput, options: LayerProblemOptions) {
  return layerProblem(model.architecture.layers[layer]!, model.weights, values.attention_input!, options)
}

/** Attention maps of a layer's problem, by head, (T x T), as an engine solves it; hidden keys are 0. */
async function mapsOf(engine: Engine, problem: AttentionProblem): Promise<number[][]> {
  const { weights } = await engine.run(problem, { weights: true })
  const { heads, queries, keys } = problem.size
  return Array.from({ length: heads }, (_, head) =>
    Array.from({ length: queries }, (_, query) => {
      const row = new Array<number>(keys).fill(0)
      const first = problem.visibility.first[query]!
      for (const [index, weight] of weights!.row(0, head, query).entries()) row[first + index] = weight
      return row
    }).flat(),
  )
}

async function* layersOf(model: TruthModel): AsyncGenerator<LayerOutput> {
  const plan = planOf(model.architecture)
  const tokens = [...model.expected.get('tokens')!.values]
  const request = { tokens, layers: [...plan.layers.keys()], values: ['attention_input'] as const }
  for await (const output of runBackbone(plan, referenceInterpreter(model.weights), request))
    if (!('end' in output)) yield output
}

/** transformers' maps of a layer: (heads, T, T) */
function expectedMaps(model: TruthModel, layer: number): number[][] {
  const { shape, values } = model.expected.get('attentions')!
  const [, heads, queries, keys] = shape as [number, number, number, number]
  const size = queries * keys
  return Array.from({ length: heads }, (_, head) => {
    const at = (layer * heads + head) * size
    return [...values.subarray(at, at + size)]
  })
}

function expectClose(maps: readonly number[][], expected: readonly number[][]): void {
  expect(maps.length).toBe(expected.length)
  for (const [head, map] of maps.entries())
    for (const [index, weight] of map.entries()) expect(Math.abs(weight - expected[head]![index]!)).toBeLessThan(1e-5)
}

describe.each(truthModels)('the layers of %s', (name) => {
  it("are problems in which engines find transformers' maps, for all heads or some in any order", async () => {
    const model = await openTruthModel(name)
    for await (const output of layersOf(model)) {
      const all = expectedMaps(model, output.layer)
      const last = all.length - 1
      for (const heads of [undefined, [0], [last, 0], [1, 2], [2, 1, 0]]) {
        const options = { contexts: 'heads', ...(heads === undefined ? {} : { heads }) } as const
        const problem = await problemOf(model, output, options)
        const expected = (heads ?? [...all.keys()]).map((head) => all[head]!)
        for (const engine of engines) {
          // Some engines cannot solve everything yet, and say so.
          if (engine.unsupported(outlineOf(problem)) === null) expectClose(await mapsOf(engine, problem), expected)
          else expect(engine).toBe(onnxruntime)
        }
      }
    }
    await model.close()
  })

  it('have outlines that say before anything is read what the problems are', async () => {
    const model = await openTruthModel(name)
    for await (const output of layersOf(model)) {
      for (const options of [{ contexts: 'projected' }, { contexts: 'none', heads: [1] }] as const) {
        const problem = await problemOf(model, output, options)
        const { queries } = problem.size
        const outline = layerOutline(model.architecture.layers[output.layer]!, queries, options)
        expect(outline).toEqual(outlineOf(problem))
      }
    }
    await model.close()
  })
})

describe('contexts', () => {
  it('go through the output projection when all heads are there, and cannot otherwise', async () => {
    const model = await openTruthModel('gpt2')
    for await (const output of layersOf(model)) {
      const problem = await problemOf(model, output, { contexts: 'projected' })
      const { context } = await reference.run(problem, {})
      expect(context.shape).toEqual([1, problem.size.queries, model.architecture.width])
      await expect(problemOf(model, output, { heads: [0], contexts: 'projected' })).rejects.toThrow('all heads')
    }
    await model.close()
  })
})
