import type { AttentionProblem } from '../../problem/problem.ts'
import { emptyRowStatistics } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import { splitHeads } from '../../tensor/split-heads.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { float32Zeros, float64Zeros } from '../../tensor/zeros.ts'
import type { AttentionOutput, Engine, Wanted } from '../engine.ts'
import { attend } from './attend.ts'
import { linear } from './linear.ts'

/**
 * float32 arrays, loops and a small kernel, for problems so small that a native call costs more than the arithmetic.
 */
export function directEngine(version: string): Engine {
  return {
    name: 'direct',
    device: 'cpu',
    version,
    run: async (problem, wanted) => solve(problem, wanted),
    close: async () => {},
  }
}

function solve(problem: AttentionProblem, wanted: Wanted): AttentionOutput {
  const { batch, seqLen, dIn, numHeads, numKeyValueHeads, headDim, outputDim, projections, scale } = problem
  const positions = batch * seqLen
  const width = numHeads * headDim
  const keyWidth = numKeyValueHeads * headDim
  const { query, key, value, output } = projections
  const [queries, keys, values, mixed] = scratchArrays(
    positions * width,
    positions * keyWidth,
    positions * keyWidth,
    positions * width,
  )
  linear(queries, problem.input, query, positions, dIn, width) //   (batch, seqLen, width)
  linear(keys, problem.input, key, positions, dIn, keyWidth) //     (batch, seqLen, keyWidth)
  if (value !== null) linear(values, problem.input, value, positions, dIn, keyWidth)
  const square = batch * numHeads * seqLen * seqLen
  const weights = wanted.weights ? float32Zeros(square) : null
  const scores = wanted.scores ? float32Zeros(square) : null
  const rows = emptyRowStatistics(batch, numHeads, seqLen)
  const into = {
    queries,
    keys,
    values: value === null ? null : values,
    weights,
    scores,
    mixed,
    rows,
    row: float64Zeros(seqLen),
  }
  const keep = problem.dropout?.keep ?? null
  const keepProbability = problem.dropout?.keepProbability ?? 1
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < numHeads; head++) {
      const keyHead = Math.floor((head * numKeyValueHeads) / numHeads)
      const at = {
        queryStart: item * seqLen * width + head * headDim,
        queryStride: width,
        keyStart: item * seqLen * keyWidth + keyHead * headDim,
        keyStride: keyWidth,
        map: item * numHeads + head,
      }
      attend(at, into, seqLen, headDim, scale, keep, keepProbability)
    }
  }
  const contextWidth = value === null ? 0 : outputDim
  const context = float32Zeros(positions * contextWidth)
  if (output !== null) linear(context, mixed, output, positions, width, contextWidth)
  else if (value !== null) context.set(mixed)
  const heads = (data: Float32Array, count: number): Tensor =>
    splitHeads(data, { batch, seqLen, heads: count, headDim })
  return {
    context: tensor([batch, seqLen, contextWidth], context),
    rowSums: rows,
    ...(wanted.statistics ? { rowStatistics: rows } : {}),
    ...(weights ? { weights: AttentionMaps.whole(batch, numHeads, seqLen, 0, weights) } : {}),
    ...(scores ? { scores: AttentionMaps.whole(batch, numHeads, seqLen, -Infinity, scores) } : {}),
    ...(wanted.queries ? { queries: heads(queries, numHeads) } : {}),
    ...(wanted.keys ? { keys: heads(keys, numKeyValueHeads) } : {}),
    ...(wanted.values ? { values: heads(values, numKeyValueHeads) } : {}),
    ...(wanted.contextHeads ? { contextHeads: heads(mixed, numHeads) } : {}),
  }
}

/**
 * Arrays side by side in memory that is kept, or in memory of their own where that is too small. They are not handed
 * out.
 */
function scratchArrays<Lengths extends readonly number[]>(
  ...lengths: Lengths
): { [Index in keyof Lengths]: Float32Array } {
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const memory = total <= scratch.length ? scratch : new Float32Array(total)
  let at = 0
  return lengths.map((length) => memory.subarray(at, (at += length))) as { [Index in keyof Lengths]: Float32Array }
}

const scratch = new Float32Array(2 ** 16)
