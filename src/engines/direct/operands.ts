import type { Floats, HeadNorm, Projection } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { headAfterHead, normVectors, sideBySide, turnVectors } from '../head-vectors.ts'
import type { HeadVectors } from '../head-vectors.ts'
import { linear } from './linear.ts'

/** Vectors of heads and where they lie. */
export interface Operand {
  readonly data: Float32Array
  readonly at: HeadVectors
}

export interface DirectOperands {
  readonly queries: Operand
  readonly keys: Operand
  /** Null where no contexts are wanted. */
  readonly values: Operand | null
}

/** Takes so many numbers of memory that is not handed out. */
type Take = (length: number) => Float32Array

/** Projects, norms and turns: everything that comes before q . k. */
export function directOperands({ size, operands, rotary }: AttentionProblem, take: Take): DirectOperands {
  const { batch, heads, keyValueHeads, queries: queryCount, keys: keyCount, headDim, valueDim } = size
  let queries: Operand
  let keys: Operand
  let values: Operand | null
  if (operands.kind === 'given') {
    const turns = rotary !== null
    const given = (x: Floats, count: number, length: number, width: number, changes: boolean): Operand => ({
      data: x instanceof Float64Array || changes ? Float32Array.from(x) : x,
      at: headAfterHead(batch, length, count, width),
    })
    queries = given(operands.query, heads, queryCount, headDim, turns)
    keys = given(operands.key, keyValueHeads, keyCount, headDim, turns)
    values = operands.value && given(operands.value, keyValueHeads, keyCount, valueDim, false)
  } else {
    const project = (
      x: Float32Array,
      projection: Projection,
      norm: HeadNorm | null,
      at: HeadVectors,
      inputs: number,
    ): Operand => {
      const positions = at.batch * at.length
      const data = take(positions * at.positionStride)
      linear(data, x, projection, positions, inputs, at.positionStride)
      if (norm !== null) normVectors(data, at, norm)
      return { data, at }
    }
    const { projections, queryInput, keyInput, valueInput, queryNorm, keyNorm } = operands
    const { query, key, value } = projections
    const ofQueries = sideBySide(batch, queryCount, heads, headDim)
    const ofKeys = sideBySide(batch, keyCount, keyValueHeads, headDim)
    const ofValues = sideBySide(batch, keyCount, keyValueHeads, valueDim)
    queries = project(queryInput, query, queryNorm, ofQueries, size.dIn)
    keys = project(keyInput, key, keyNorm, ofKeys, size.keyDIn)
    values = value && project(valueInput, value, null, ofValues, size.valueDIn)
  }
  if (rotary !== null) {
    turnVectors(queries.data, queries.at, rotary, rotary.queryOffset)
    turnVectors(keys.data, keys.at, rotary, rotary.keyOffset)
  }
  return { queries, keys, values }
}
