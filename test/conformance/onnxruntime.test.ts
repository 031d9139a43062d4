import { describe } from 'vitest'
import { defaultEnvironment } from '../../src/config.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { openOnnxruntime } from '../../src/engines/onnxruntime/index.ts'
import { conformance } from './conformance.ts'

const open = (threads: number, more: { blockElements?: number } = {}): Promise<Engine> =>
  openOnnxruntime({ device: 'cpu', threads, setEnvironment: defaultEnvironment, ...more })
const tolerance = { tensors: 1e-6, weights: 3e-7, statistics: 1e-6 }

describe('with whole batches', () => conformance('onnxruntime', () => open(1), tolerance))
describe('with a batch in chunks of items', () =>
  conformance('onnxruntime', () => open(2, { blockElements: 100 }), tolerance))
