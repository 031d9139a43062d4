import { referenceEngine } from '../../src/engines/reference/index.ts'
import { conformance } from './conformance.ts'

// Against itself: what the suite asks besides numbers. test/engines/reference.test.ts says why its numbers are right.
conformance('reference', async () => referenceEngine('test'), { tensors: 0, weights: 0, statistics: 1e-7 })
