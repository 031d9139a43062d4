import type { Projection } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { contextDim } from '../../problem/size.ts'
import { emptyRowStatistics, fillRow } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { AttentionOutput, Engine, Wanted } from '../engine.ts'
import { selfAttentionOperands } from '../operands.ts'
import { causalSelfAttention, firstUnsupported } from '../unsupported.ts'
import { costOf } from './cost.ts'
import { dropout } from './dropout.ts'
import { joinHeads } from './join-heads.ts'
import { linear } from './linear.ts'
import { mixValues } from './mix.ts'
import { overflow } from './overflow.ts'
import { causalScores } from './scores.ts'
import { causalSoftmax } from './softmax.ts'
import { splitHeads } from './split-heads.ts'

/** The definition of a right answer: float64 throughout, one operation a file, rounded to float32 once at the end. */
export function referenceEngine(version: string): Engine {
  return {
    name: 'reference',
    device: 'cpu',
    version,
    unsupported: (outline) => firstUnsupported(outline, causalSelfAttention),
    cost: costOf,
    run: async (problem, wanted) => solve(problem, wanted),
    close: async () => {},
  }
}

function solve(problem: AttentionProblem, wanted: Wanted): AttentionOutput {
  const { size, visibility, scoring } = problem
  const { batch, queries: length, dIn, heads, keyValueHeads, headDim } = size
  const { input, projections } = selfAttentionOperands(problem)
  const positions = batch * length
  const project = ({ weight, bias }: Projection, count: number): Float64Array => {
    const projected = linear(input, weight, bias, positions, dIn, count * headDim)
    return splitHeads(overflow(projected), batch, length, count, headDim)
  }
  const queries = project(projections.query, heads) //         (batch, heads, length, headDim)
  const keys = project(projections.key, keyValueHeads) //     (batch, keyValueHeads, length, headDim)
  const values = projections.value && project(projections.value, keyValueHeads)

  const square = length * length
  const part = length * headDim
  const scores = wanted.scores ? new Float32Array(batch * heads * square) : null
  const weights = wanted.weights ? new Float32Array(batch * heads * square) : null
  const contextHeads = new Float64Array(batch * heads * part)
  const filled = emptyRowStatistics(batch, heads, visibility)
  let maxHiddenWeight = 0
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      const map = item * heads + head
      const keyValue = item * keyValueHeads + Math.floor((head * keyValueHeads) / heads)
      const mapScores = overflow(
        causalScores(
          queries.subarray(map * part, (map + 1) * part),
          keys.subarray(keyValue * part, (keyValue + 1) * part),
          length,
          headDim,
          scoring.scale,
        ),
      )
      const mapWeights = causalSoftmax(mapScores, length) // (length, length)
      const mixed = problem.dropout
        ? dropout(mapWeights, problem.dropout.keep, map * square, problem.dropout.keepProbability)
        : mapWeights
      if (values)
        contextHeads.set(
          mixValues(mixed, values.subarray(keyValue * part, (keyValue + 1) * part), length, headDim),
          map * part,
        )
      scores?.set(mapScores, map * square)
      weights?.set(mapWeights, map * square)
      for (let query = 0; query < length; query++) {
        fillRow(filled, map * length + query, query, mapWeights, query * length)
        for (let key = query + 1; key < length; key++)
          maxHiddenWeight = Math.max(maxHiddenWeight, mapWeights[query * length + key]!)
      }
    }
  }
  const joined = joinHeads(overflow(contextHeads), batch, length, heads, headDim) // (batch, length, heads * headDim)
  const output = projections.output
  const context = output
    ? linear(joined, output.weight, output.bias, positions, heads * headDim, size.outputDim)
    : joined

  const rows = { ...filled, maxHiddenWeight }
  const stage = (data: Float64Array, count: number) => tensor([batch, count, length, headDim], Float32Array.from(data))
  return {
    context: values
      ? tensor([batch, length, contextDim(size)], Float32Array.from(context))
      : tensor([batch, length, 0], new Float32Array(0)),
    rowSums: rows,
    ...(wanted.statistics ? { rowStatistics: rows } : {}),
    ...(weights ? { weights: AttentionMaps.whole(batch, heads, visibility, 0, weights) } : {}),
    ...(scores ? { scores: AttentionMaps.whole(batch, heads, visibility, -Infinity, scores) } : {}),
    ...(wanted.queries ? { queries: stage(queries, heads) } : {}),
    ...(wanted.keys ? { keys: stage(keys, keyValueHeads) } : {}),
    ...(wanted.values ? { values: stage(values!, keyValueHeads) } : {}),
    ...(wanted.contextHeads ? { contextHeads: stage(contextHeads, heads) } : {}),
  }
}
