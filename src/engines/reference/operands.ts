import type { Floats, HeadNorm, Projection } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { headNorm } from './head-norm.ts'
import { linear } from './linear.ts'
import { overflow } from './overflow.ts'
import { rotate } from './rotary.ts'
import { splitHeads } from './split-heads.ts'

/** Queries, keys and values as they are multiplied, in float64. */
export interface ReferenceOperands {
  /** (batch, heads, queries, headDim) */
  readonly queries: Float64Array
  /** (batch, keyValueHeads, keys, headDim) */
  readonly keys: Float64Array
  /** (batch, keyValueHeads, keys, valueDim), or null where no contexts are wanted */
  readonly values: Float64Array | null
}

/** Projects, norms and turns: everything that comes before q . k. */
export function referenceOperands({ size, operands, rotary }: AttentionProblem): ReferenceOperands {
  const { batch, heads, keyValueHeads, queries: queryCount, keys: keyCount, headDim, valueDim } = size
  let queries: Float64Array
  let keys: Float64Array
  let values: Float64Array | null
  if (operands.kind === 'given') {
    queries = Float64Array.from(operands.query)
    keys = Float64Array.from(operands.key)
    values = operands.value === null ? null : Float64Array.from(operands.value)
  } else {
    const project = (x: Floats, projection: Projection, count: number, length: number, dIn: number, width: number) => {
      const { weight, bias } = projection
      const projected = linear(x, weight, bias, batch * length, dIn, count * width)
      return splitHeads(overflow(projected), batch, length, count, width)
    }
    const { projections, queryInput, keyInput, valueInput } = operands
    const { query, key, value } = projections
    queries = project(queryInput, query, heads, queryCount, size.dIn, headDim)
    keys = project(keyInput, key, keyValueHeads, keyCount, size.keyDIn, headDim)
    values = value && project(valueInput, value, keyValueHeads, keyCount, size.valueDIn, valueDim)
    queries = normed(queries, operands.queryNorm, headDim)
    keys = normed(keys, operands.keyNorm, headDim)
  }
  if (rotary !== null) {
    queries = overflow(rotate(queries, queryCount, headDim, rotary, rotary.queryOffset))
    keys = overflow(rotate(keys, keyCount, headDim, rotary, rotary.keyOffset))
  }
  return { queries, keys, values }
}

const normed = (x: Float64Array, norm: HeadNorm | null, headDim: number): Float64Array =>
  norm === null ? x : overflow(headNorm(x, headDim, norm.weight, norm.epsilon))
