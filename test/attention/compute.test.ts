import { describe, expect, it } from 'vitest'
import { compute, computeLayers } from '../../src/attention/compute.ts'
import type { ReturnName } from '../../src/attention/request.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { Engines } from '../../src/engines/select.ts'
import { outlineOf } from '../../src/problem/outline.ts'
import type { AttentionSource } from '../../src/sources/source.ts'
import { drawProblem, inputOf, problemCases, withInput } from '../conformance/problems.ts'

const reference = referenceEngine('test')
const enginesOf = (engine: Engine): Engines => new Engines([engine], engine, engine, [])
const problem = drawProblem(problemCases[0]!)

/** A source of some layers, each on an input of its own, that says what happens to them. */
function layered(count: number): { source: AttentionSource; events: string[] } {
  const events: string[] = []
  const outline = outlineOf(problem)
  const source: AttentionSource = {
    kind: 'layered',
    outlines: () => [outline, ...Array.from({ length: count - 1 }, () => outline)],
    describe: () => ({
      members: [],
      words: [],
      modeWords: [],
      scoreWords: '',
      drops: false,
      masks: false,
      untrained: true,
      contextByHead: false,
    }),
    identity: () => null,
    cost: () => ({ bytes: 0, operations: 0 }),
    async *layers() {
      for (let layer = 0; layer < count; layer++) {
        events.push(`read ${layer}`)
        yield {
          layer,
          problem: withInput(
            problem,
            inputOf(problem).map((value) => value * (layer + 1)),
          ),
          inputs: new Map(),
          parameters: null,
          solved: () => events.push(`solved ${layer}`),
          end: () => events.push(`ended ${layer}`),
        }
      }
    },
  }
  return { source, events }
}
const summary = { engine: undefined, returns: new Set<ReturnName>(['summary', 'weights']) }

describe('a source of several layers', () => {
  it('is solved one layer after the other, each read when the one before has been taken', async () => {
    const { source, events } = layered(3)
    for await (const result of computeLayers({ source, ...summary }, enginesOf(reference))) {
      const alone = await reference.run(
        withInput(
          problem,
          inputOf(problem).map((value) => value * (result.layer! + 1)),
        ),
        { weights: true },
      )
      expect(result.output.weights!.blocks).toEqual(alone.weights!.blocks)
      result.letGo()
    }
    expect(events).toEqual([0, 1, 2].flatMap((layer) => [`read ${layer}`, `solved ${layer}`, `ended ${layer}`]))
  })

  it('is read no further than it is asked for', async () => {
    const { source, events } = layered(3)
    const result = await compute({ source, ...summary }, enginesOf(reference))
    expect(result.layer).toBe(0)
    expect(events).toEqual(['read 0', 'solved 0'])
  })

  it('lets a layer go that could not be solved', async () => {
    const failing: Engine = { ...reference, run: () => Promise.reject(new Error('no')) }
    const { source, events } = layered(2)
    await expect(compute({ source, ...summary }, enginesOf(failing))).rejects.toThrow('no')
    expect(events).toEqual(['read 0', 'solved 0', 'ended 0'])
  })

  it('is refused before it is read where the engine cannot solve one of its layers', async () => {
    const partial: Engine = { ...reference, unsupported: ({ size }) => (size.batch > 1 ? 'batches' : null) }
    const { source, events } = layered(2)
    await expect(compute({ source, ...summary }, enginesOf(partial))).rejects.toThrow(/does not compute batches/)
    expect(events).toEqual([])
  })
})
