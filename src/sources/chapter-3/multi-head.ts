import { linear, linearIfDrawn, outProjParameters, qkvParameters } from './model.ts'
import type { ModelClass } from './model.ts'

/** Heads share one projection of d_out each for queries, keys and values, split by columns. */
export const multiHead: ModelClass = {
  kind: 'multi-head',
  className: 'MultiHeadAttention',
  dropoutOrder: 'batch',
  parameters: (spec) => [...qkvParameters('', spec.dIn, spec.dOut, spec.qkvBias), ...outProjParameters(spec.dOut)],
  maskBuffers: () => ['mask'],
  lower: (_spec, parameters) => ({
    query: linear(parameters, 'W_query'),
    key: linear(parameters, 'W_key'),
    value: linearIfDrawn(parameters, 'W_value'),
    output: linearIfDrawn(parameters, 'out_proj'),
  }),
}
