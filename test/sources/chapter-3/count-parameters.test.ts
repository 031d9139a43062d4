import { expect, it } from 'vitest'
import { countParameters, countParameterTensors, drawModel } from '../../../src/sources/chapter-3/build.ts'
import { modelKinds } from '../../../src/sources/chapter-3/spec.ts'

it.each(modelKinds)(
  '%s: the numbers of parameters and of tensors that are foretold are those that are drawn',
  (kind) => {
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
        const drawn = [...drawModel(spec, 1).parameters.values()]
        expect(countParameters(spec)).toBe(drawn.reduce((sum, { data }) => sum + data.length, 0))
        expect(countParameterTensors(spec)).toBe(drawn.length)
      }
    }
  },
)
