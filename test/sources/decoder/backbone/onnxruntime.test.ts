import ort from 'onnxruntime-node'
import { describe } from 'vitest'
import { onnxruntimeInterpreter } from '../../../../src/sources/decoder/backbone/onnxruntime.ts'
import { itComputesWhatTransformersComputes } from './interpreters.ts'

describe('the onnxruntime interpreter', () => {
  itComputesWhatTransformersComputes((weights) => onnxruntimeInterpreter(ort, weights, { threads: 1 }))
})
