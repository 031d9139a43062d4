import { rowStart } from '../../problem/broadcast.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { contextDim } from '../../problem/size.ts'
import { rowIndex } from '../../problem/visibility.ts'
import { emptyRowStatistics, fillRow } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { AttentionOutput, Engine, Wanted } from '../engine.ts'
import { Breaks } from '../breaks.ts'
import { costOf } from './cost.ts'
import { dropout } from './dropout.ts'
import { joinHeads } from './join-heads.ts'
import { linear } from './linear.ts'
import { mixValues } from './mix.ts'
import { referenceOperands } from './operands.ts'
import { overflow } from './overflow.ts'
import { rowProducts, rowScores } from './scores.ts'
import { rowSoftmax } from './softmax.ts'

/** The definition of a right answer: float64 throughout, one operation a file, rounded to float32 once at the end. */
export function referenceEngine(version: string): Engine {
  return {
    name: 'reference',
    device: 'cpu',
    version,
    cost: costOf,
    unsupported: () => null,
    run: solve,
    close: async () => {},
  }
}

async function solve(problem: AttentionProblem, wanted: Wanted, signal?: AbortSignal): Promise<AttentionOutput> {
  const breaks = new Breaks(signal)
  const { size, visibility, scoring, operands } = problem
  const { batch, queries: queryCount, keys: keyCount, heads, keyValueHeads, headDim, valueDim } = size
  const { queries, keys, values } = referenceOperands(problem)
  const scores = wanted.scores ? AttentionMaps.empty(batch, heads, visibility, -Infinity) : null
  const weights = wanted.weights ? AttentionMaps.empty(batch, heads, visibility, 0) : null
  const products = wanted.products ? new Float32Array(batch * heads * queryCount * keyCount) : null
  const contextHeads = new Float64Array(batch * heads * queryCount * valueDim)
  const rows = emptyRowStatistics(batch, heads, visibility, scoring.sinks !== null)
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      const map = item * heads + head
      const keyHead = item * keyValueHeads + Math.floor((head * keyValueHeads) / heads)
      const headKeys = keys.subarray(keyHead * keyCount * headDim, (keyHead + 1) * keyCount * headDim)
      const headValues = values?.subarray(keyHead * keyCount * valueDim, (keyHead + 1) * keyCount * valueDim)
      for (let query = 0; query < queryCount; query++) {
        if (breaks.due) await breaks.take()
        const index = map * queryCount + query
        const row = rowIndex(visibility, item, head, query)
        const [first, end] = [visibility.first[row]!, visibility.end[row]!]
        const vector = queries.subarray(index * headDim, (index + 1) * headDim)
        products?.set(rowProducts(vector, headKeys, headDim, 0, keyCount), index * keyCount)

        const position = visibility.position?.[row] ?? null
        const seen = rowProducts(vector, headKeys, headDim, first, end)
        const rowOfScores = overflow(rowScores(seen, scoring, { item, head, query, first, position }))
        const isVisible = visibleIn(problem, item, head, query, first)
        const sink = scoring.sinks === null ? null : scoring.sinks[head]!
        const { weights: rowOfWeights, sinkWeight } = rowSoftmax(rowOfScores, isVisible, sink)
        fillRow(rows, index, row, rowOfWeights, 0, sinkWeight)
        weights?.setRow(item, head, query, rowOfWeights)
        scores?.setRow(
          item,
          head,
          query,
          rowOfScores.map((score, i) => (isVisible(i) ? score : -Infinity)),
        )
        if (headValues === undefined) continue
        const kept = problem.dropout
          ? dropout(rowOfWeights, problem.dropout.keep, index * keyCount + first, problem.dropout.keepProbability)
          : rowOfWeights
        contextHeads.set(mixValues(kept, headValues, first, valueDim, isVisible), index * valueDim)
      }
    }
  }
  const output = operands.kind === 'given' ? null : operands.projections.output
  const joined = joinHeads(overflow(contextHeads), batch, queryCount, heads, valueDim)
  const context = output
    ? linear(joined, output.weight, output.bias, batch * queryCount, heads * valueDim, size.outputDim)
    : joined
  const stage = (data: Float64Array, count: number, length: number, width: number) =>
    tensor([batch, count, length, width], Float32Array.from(data))
  return {
    context: values
      ? tensor([batch, queryCount, contextDim(size)], Float32Array.from(context))
      : tensor([batch, queryCount, 0], new Float32Array(0)),
    rowSums: rows,
    ...(wanted.statistics ? { rowStatistics: rows } : {}),
    ...(weights ? { weights } : {}),
    ...(scores ? { scores } : {}),
    ...(products ? { products: tensor([batch, heads, queryCount, keyCount], products) } : {}),
    ...(wanted.queries ? { queries: stage(queries, heads, queryCount, headDim) } : {}),
    ...(wanted.keys ? { keys: stage(keys, keyValueHeads, keyCount, headDim) } : {}),
    ...(wanted.values ? { values: stage(values!, keyValueHeads, keyCount, valueDim) } : {}),
    ...(wanted.contextHeads ? { contextHeads: stage(contextHeads, heads, queryCount, valueDim) } : {}),
  }
}

/** Which of a row's keys, counted from `first`, it sees: all of them but the holes of a boolean mask. */
function visibleIn(
  { visibility: { allowed } }: AttentionProblem,
  item: number,
  head: number,
  query: number,
  first: number,
): (i: number) => boolean {
  if (allowed === null) return () => true
  const start = rowStart(allowed, item, head, query)
  return (i) => allowed.data[start + (first + i) * allowed.keyStride] !== 0
}
