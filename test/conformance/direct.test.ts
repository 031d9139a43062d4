import { directEngine } from '../../src/engines/direct/index.ts'
import { conformance } from './conformance.ts'

conformance('direct', async () => directEngine('test'), { tensors: 1e-6, weights: 3e-7, statistics: 1e-6 })
