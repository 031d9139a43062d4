import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultEnvironment } from '../../src/config.ts'
import type { Engine, Wanted } from '../../src/engines/engine.ts'
import { openTensorFlow } from '../../src/engines/tensorflow/index.ts'
import { conformance } from '../conformance/conformance.ts'
import { drawProblem, inputOf, problemCases, withInput } from '../conformance/problems.ts'
import { absent } from '../support/skip.ts'

const require = createRequire(import.meta.url)
const installed = existsSync(
  join(import.meta.dirname, '../../node_modules/@tensorflow/tfjs-node-gpu/deps/installed.json'),
)
const missing = absent(!installed, 'libtensorflow, for the TensorFlow engine (npm run install:tensorflow),')

const open = (more: { blockElements?: number } = {}): Promise<Engine> =>
  openTensorFlow({ device: 'cpu', setEnvironment: defaultEnvironment, ...more })
const tolerance = { tensors: 1e-6, weights: 3e-7, statistics: 1e-6 }
const everything: Required<Wanted> = {
  statistics: true,
  weights: true,
  scores: true,
  queries: true,
  keys: true,
  values: true,
  contextHeads: true,
  products: true,
}

describe.skipIf(missing)('the TensorFlow engine', () => {
  describe('with blocks as the device likes them', () => conformance('tensorflow', open, tolerance))

  // One item and 128 rows at a time, the way of problems that are too large for one block.
  describe('in the smallest blocks', () => conformance('tensorflow', () => open({ blockElements: 1 }), tolerance))

  describe('its memory', () => {
    let engine: Engine
    let tf: typeof TensorFlow
    let atStart: number
    beforeAll(async () => {
      engine = await open()
      tf = require('@tensorflow/tfjs-node-gpu') as typeof TensorFlow
      atStart = tf.memory().numTensors
    })
    afterAll(() => engine.close())

    const tensorsAfter = async (runs: () => Promise<void>): Promise<number> => {
      const before = tf.memory().numTensors
      await runs()
      return tf.memory().numTensors - before
    }

    it('keeps the parameters of a repeated request, and nothing else', async () => {
      const problem = drawProblem(problemCases.find((of) => of.name === 'the wrapper: full width heads')!)
      // Four weights and four biases.
      expect(await tensorsAfter(async () => void (await engine.run(problem, everything)))).toBe(8)
      expect(
        await tensorsAfter(async () => {
          for (let i = 0; i < 20; i++)
            await engine.run(
              withInput(
                problem,
                inputOf(problem).map((value) => value + i),
              ),
              everything,
            )
        }),
      ).toBe(0)
    })

    it('keeps nothing of a run that failed', async () => {
      const problem = drawProblem(problemCases[0]!)
      const broken = withInput(problem, inputOf(problem).subarray(1))
      await expect(engine.run(broken, everything)).rejects.toThrow()
      expect(tf.memory().numTensors).toBe(atStart)
      expect((await engine.run(problem, {})).context.shape).toEqual([5, 8, 16])
    })

    it('frees everything when it is closed', async () => {
      for (const of of problemCases.slice(0, 5)) await engine.run(drawProblem(of), everything)
      await engine.close()
      expect(tf.memory().numTensors).toBe(atStart)
    })
  })

  it('says why there is no GPU when one is demanded, and does not fall back', async () => {
    // Loaded for the CPU above: whatever the machine has, this process sees no GPU.
    await expect(openTensorFlow({ device: 'gpu', setEnvironment: defaultEnvironment })).rejects.toThrow(/GPU/)
  })
})
