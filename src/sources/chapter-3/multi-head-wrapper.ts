import type { NamedParameters } from '../source.ts'
import { linear, linearIfDrawn, outProjParameters, qkvParameters } from './model.ts'
import type { ModelClass } from './model.ts'
import type { Projection } from '../../problem/operands.ts'
import type { ModelSpec } from './spec.ts'

/** Independent causal heads, drawn one after the other; their outputs side by side, then an output projection. */
export const multiHeadWrapper: ModelClass = {
  kind: 'multi-head-wrapper',
  className: 'MultiHeadAttentionWrapper',
  dropoutOrder: 'head',
  *parameters(spec) {
    const width = spec.dOut * spec.numHeads
    for (let head = 0; head < spec.numHeads; head++)
      yield* qkvParameters(`heads.${head}.`, spec.dIn, spec.dOut, spec.qkvBias)
    if (spec.outProj) yield* outProjParameters(width)
  },
  *maskBuffers(spec) {
    for (let head = 0; head < spec.numHeads; head++) yield `heads.${head}.mask`
  },
  lower: (spec, parameters) => ({
    query: stacked(spec, parameters, 'W_query'),
    key: stacked(spec, parameters, 'W_key'),
    value: linearIfDrawn(parameters, 'heads.0.W_value') && stacked(spec, parameters, 'W_value'),
    output: linearIfDrawn(parameters, 'out_proj'),
  }),
}

/** The heads' Linears as one: rows of head 0, then of head 1, ... (numHeads * dOut, dIn). */
function stacked(spec: ModelSpec, parameters: NamedParameters, name: string): Projection {
  const weight = new Float32Array(spec.numHeads * spec.dOut * spec.dIn)
  const bias = spec.qkvBias ? new Float32Array(spec.numHeads * spec.dOut) : null
  for (let head = 0; head < spec.numHeads; head++) {
    const part = linear(parameters, `heads.${head}.${name}`)
    weight.set(part.weight, head * spec.dOut * spec.dIn)
    if (bias && part.bias) bias.set(part.bias, head * spec.dOut)
  }
  return { weight, bias }
}
