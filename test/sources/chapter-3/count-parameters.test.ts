import { expect, it } from 'vitest'
import { countParameters, drawModel } from '../../../src/sources/chapter-3/build.ts'
import { modelKinds } from '../../../src/sources/chapter-3/spec.ts'

it.each(modelKinds)('%s: the number of parameters that is foretold is the number that is drawn', (kind) => {
  for (const qkvBias of [false, true]) {
    for (const outProj of kind === 'multi-head-wrapper' ? [false, true] : [kind === 'multi-head']) {
      const spec = {
        kind,
        dIn: 5,
        dOut: 6,
        contextLength: 4,
        numHeads: kind === 'causal' ? 1 : 3,
        dropout: 0,
        qkvBias,
        outProj,
      }
      expect(countParameters(spec)).toBe(
        [...drawModel(spec, 1).parameters.values()].reduce((sum, { data }) => sum + data.length, 0),
      )
    }
  }
})
