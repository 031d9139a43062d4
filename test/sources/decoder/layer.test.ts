import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../../../src/engines/reference/index.ts'
import { outlineOf } from '../../../src/problem/outline.ts'
import { planOf } from '../../../src/sources/decoder/backbone/plan.ts'
import { referenceInterpreter } from '../../../src/sources/decoder/backbone/reference.ts'
import { runBackbone } from '../../../src/sources/decoder/backbone/run.ts'
import type { LayerOutput } from '../../../src/sources/decoder/backbone/run.ts'
import { layerProblem } from '../../../src/sources/decoder/layer.ts'
import type { LayerProblemOptions } from '../../../src/sources/decoder/layer.ts'
import { openTruthModel, truthModels } from './models.ts'
import type { TruthModel } from './models.ts'
import { solveMaps } from './solve.ts'

const engine = referenceEngine('test')

/** Attention maps of a layer's problem, by head, (T x T): from the definitions, and from the engine where it can. */
async function mapsOf(model: TruthModel, { layer, values }: LayerOutput, options: LayerProblemOptions) {
  const problem = await layerProblem(model.architecture.layers[layer]!, model.weights, values.attention_input!, options)
  const maps = solveMaps(problem)
  if (engine.unsupported(outlineOf(problem)) === null) {
    const { weights } = await engine.run(problem, { weights: true })
    for (const [head, map] of maps.entries()) {
      for (let query = 0; query < problem.size.queries; query++) {
        const first = problem.visibility.first[query]!
        for (const [index, weight] of weights!.row(0, head, query).entries())
          expect(weight).toBeCloseTo(map[query * problem.size.keys + first + index]!, 6)
      }
    }
  }
  return maps
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

describe.each(truthModels)('the layers of %s as problems of an engine', (name) => {
  it("have transformers' maps", async () => {
    const model = await openTruthModel(name)
    for await (const output of layersOf(model))
      expectClose(await mapsOf(model, output, { contexts: 'none' }), expectedMaps(model, output.layer))
    await model.close()
  })

  it('have the same maps for some of their heads, in any order', async () => {
    const model = await openTruthModel(name)
    for await (const output of layersOf(model)) {
      const count = model.architecture.layers[output.layer]!.attention.heads
      const all = expectedMaps(model, output.layer)
      for (const heads of [[0], [count - 1, 0], [1, 2], [2, 1, 0]])
        expectClose(
          await mapsOf(model, output, { heads, contexts: 'heads' }),
          heads.map((head) => all[head]!),
        )
    }
    await model.close()
  })
})

describe('contexts', () => {
  it('go through the output projection when all heads are there, and cannot otherwise', async () => {
    const model = await openTruthModel('gpt2')
    for await (const { layer, values } of layersOf(model)) {
      const of = model.architecture.layers[layer]!
      const problem = await layerProblem(of, model.weights, values.attention_input!, { contexts: 'projected' })
      const { context } = await engine.run(problem, {})
      expect(context.shape).toEqual([1, problem.size.queries, of.output.outputs])
      const some = layerProblem(of, model.weights, values.attention_input!, { heads: [0], contexts: 'projected' })
      await expect(some).rejects.toThrow('all heads')
    }
    await model.close()
  })
})
