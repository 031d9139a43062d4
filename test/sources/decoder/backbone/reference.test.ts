import { describe } from 'vitest'
import { referenceInterpreter } from '../../../../src/sources/decoder/backbone/reference.ts'
import { itComputesWhatTransformersComputes } from './interpreters.ts'

describe('the reference interpreter', () => {
  itComputesWhatTransformersComputes(referenceInterpreter)
})
