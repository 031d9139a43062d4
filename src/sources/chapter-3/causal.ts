import { linear, linearIfDrawn, qkvParameters } from './model.ts'
import type { ModelClass } from './model.ts'

/** One causal head, without an output projection. */
export const causal: ModelClass = {
  kind: 'causal',
  className: 'CausalSelfAttention',
  dropoutOrder: 'batch',
  parameters: (spec) => qkvParameters('', spec.dIn, spec.dOut, spec.qkvBias),
  maskBuffers: () => ['mask'],
  lower: (_spec, parameters) => ({
    query: linear(parameters, 'W_query'),
    key: linear(parameters, 'W_key'),
    value: linearIfDrawn(parameters, 'W_value'),
    output: null,
  }),
}
