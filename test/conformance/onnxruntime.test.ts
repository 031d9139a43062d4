import { describe } from 'vitest'
import { onnxruntimeEngine } from '../../src/engines/onnxruntime/index.ts'
import { conformance } from './conformance.ts'

const tolerance = { tensors: 1e-6, weights: 3e-7, statistics: 1e-6 }

describe('with whole batches', () => conformance('onnxruntime', () => onnxruntimeEngine(1), tolerance))
describe('with a batch in chunks of items', () => conformance('onnxruntime', () => onnxruntimeEngine(2, 100), tolerance))
