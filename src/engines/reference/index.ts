import type { AttentionProblem, Projection } from '../../problem/problem.ts'
import { emptyRowStatistics, fillRow } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { AttentionOutput, Engine, Wanted } from '../engine.ts'
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
    run: async (problem, wanted) => solve(problem, wanted),
    close: async () => {},
  }
}

function solve(problem: AttentionProblem, wanted: Wanted): AttentionOutput {
  const { batch, seqLen, dIn, numHeads, numKeyValueHeads, headDim, outputDim, projections, scale } = problem
  const positions = batch * seqLen
  const project = ({ weight, bias }: Projection, heads: number): Float64Array => {
    const projected = linear(problem.input, weight, bias, positions, dIn, heads * headDim)
    return splitHeads(overflow(projected), batch, seqLen, heads, headDim)
  }
  const queries = project(projections.query, numHeads) //             (batch, numHeads, seqLen, headDim)
  const keys = project(projections.key, numKeyValueHeads) //          (batch, numKeyValueHeads, seqLen, headDim)
  const values = projections.value && project(projections.value, numKeyValueHeads)

  const square = seqLen * seqLen
  const part = seqLen * headDim
  const scores = wanted.scores ? new Float32Array(batch * numHeads * square) : null
  const weights = wanted.weights ? new Float32Array(batch * numHeads * square) : null
  const contextHeads = new Float64Array(batch * numHeads * part)
  const filled = emptyRowStatistics(batch, numHeads, seqLen)
  let maxFutureWeight = 0
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < numHeads; head++) {
      const map = item * numHeads + head
      const keyValue = item * numKeyValueHeads + Math.floor((head * numKeyValueHeads) / numHeads)
      const mapScores = overflow(
        causalScores(
          queries.subarray(map * part, (map + 1) * part),
          keys.subarray(keyValue * part, (keyValue + 1) * part),
          seqLen,
          headDim,
          scale,
        ),
      )
      const mapWeights = causalSoftmax(mapScores, seqLen) // (seqLen, seqLen)
      const mixed = problem.dropout
        ? dropout(mapWeights, problem.dropout.keep, map * square, problem.dropout.keepProbability)
        : mapWeights
      if (values)
        contextHeads.set(
          mixValues(mixed, values.subarray(keyValue * part, (keyValue + 1) * part), seqLen, headDim),
          map * part,
        )
      scores?.set(mapScores, map * square)
      weights?.set(mapWeights, map * square)
      for (let query = 0; query < seqLen; query++) {
        fillRow(filled, map * seqLen + query, query, mapWeights, query * seqLen)
        for (let key = query + 1; key < seqLen; key++)
          maxFutureWeight = Math.max(maxFutureWeight, mapWeights[query * seqLen + key]!)
      }
    }
  }
  const joined = joinHeads(overflow(contextHeads), batch, seqLen, numHeads, headDim) // (batch, seqLen, numHeads * headDim)
  const output = projections.output
  const context = output ? linear(joined, output.weight, output.bias, positions, numHeads * headDim, outputDim) : joined

  const rows = { ...filled, maxFutureWeight }
  const heads = (data: Float64Array, count: number) => tensor([batch, count, seqLen, headDim], Float32Array.from(data))
  return {
    context: values
      ? tensor([batch, seqLen, outputDim], Float32Array.from(context))
      : tensor([batch, seqLen, 0], new Float32Array(0)),
    rowSums: rows,
    ...(wanted.statistics ? { rowStatistics: rows } : {}),
    ...(weights ? { weights: AttentionMaps.whole(batch, numHeads, seqLen, 0, weights) } : {}),
    ...(scores ? { scores: AttentionMaps.whole(batch, numHeads, seqLen, -Infinity, scores) } : {}),
    ...(wanted.queries ? { queries: heads(queries, numHeads) } : {}),
    ...(wanted.keys ? { keys: heads(keys, numKeyValueHeads) } : {}),
    ...(wanted.values ? { values: heads(values!, numKeyValueHeads) } : {}),
    ...(wanted.contextHeads ? { contextHeads: heads(contextHeads, numHeads) } : {}),
  }
}
