import { describe, expect, it } from 'vitest'
import { defaultEnvironment } from '../../../../src/config.ts'
import { findTensorFlow, loadTensorFlow } from '../../../../src/engines/tensorflow/load.ts'
import { planOf } from '../../../../src/sources/decoder/backbone/plan.ts'
import { runBackbone } from '../../../../src/sources/decoder/backbone/run.ts'
import { tensorflowInterpreter } from '../../../../src/sources/decoder/backbone/tensorflow.ts'
import { absent } from '../../../support/skip.ts'
import { openTruthModel } from '../models.ts'
import { itComputesWhatTransformersComputes } from './interpreters.ts'

function isInstalled(): boolean {
  try {
    findTensorFlow()
    return true
  } catch {
    return false
  }
}

describe.skipIf(absent(!isInstalled(), 'TensorFlow'))('the tensorflow interpreter', () => {
  itComputesWhatTransformersComputes((weights) => {
    const { tf } = loadTensorFlow({ device: 'cpu', threads: 1, setEnvironment: defaultEnvironment })
    return tensorflowInterpreter(tf, weights)
  })

  it('leaves nothing on the device when it is closed, and nothing but weights between runs', async () => {
    const { tf } = loadTensorFlow({ device: 'cpu', threads: 1, setEnvironment: defaultEnvironment })
    const before = tf.memory().numTensors
    const model = await openTruthModel('gemma3-text')
    const interpreter = tensorflowInterpreter(tf, model.weights)
    const plan = planOf(model.architecture)
    const tokens = [...model.expected.get('tokens')!.values]
    const run = async (): Promise<number> => {
      const request = { tokens, layers: [0, 2], values: ['attention_input', 'query'] as const }
      for await (const output of runBackbone(plan, interpreter, request, 'losses')) expect(output).toBeDefined()
      // A run that is left early gives back what it holds.
      for await (const output of runBackbone(plan, interpreter, request)) if (!('end' in output)) break
      return tf.memory().numTensors
    }
    expect(await run()).toBe(await run())
    await interpreter.close()
    await model.close()
    expect(tf.memory().numTensors).toBe(before)
  })
})
