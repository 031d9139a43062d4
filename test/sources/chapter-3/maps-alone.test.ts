import { expect, it } from 'vitest'
import { drawModel } from '../../../src/sources/chapter-3/build.ts'
import { modelKinds } from '../../../src/sources/chapter-3/spec.ts'

it.each(modelKinds)(
  '%s: queries and keys drawn alone are those of the whole model, and so is the dropout behind them',
  (kind) => {
    for (const qkvBias of [false, true]) {
      const spec = {
        kind,
        dIn: 5,
        dOut: 6,
        contextLength: 4,
        numHeads: kind === 'causal' ? 1 : 3,
        dropout: 0.5,
        qkvBias,
        outProj: kind !== 'causal',
      }
      const [whole, alone] = [drawModel(spec, 7), drawModel(spec, 7, true)]
      expect(alone.parameters.size).toBe((qkvBias ? 4 : 2) * (kind === 'multi-head-wrapper' ? 3 : 1))
      for (const [name, { shape, data }] of alone.parameters)
        expect({ shape, data }, name).toEqual(whole.parameters.get(name))
      expect(alone.projections).toEqual({
        query: whole.projections.query,
        key: whole.projections.key,
        value: null,
        output: null,
      })
      const masks = [whole, alone].map(({ dropoutGenerator }) => {
        const keep = new Uint8Array(64)
        dropoutGenerator().keepMask(keep, 0.5)
        return keep
      })
      expect(masks[1]).toEqual(masks[0])
    }
  },
)
