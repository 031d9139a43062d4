import type { AttentionProblem } from '../../problem/problem.ts'
import { contextDim, mixedDim } from '../../problem/size.ts'
import { emptyRowStatistics } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import { splitHeads } from '../../tensor/split-heads.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { float32Zeros, float64Zeros } from '../../tensor/zeros.ts'
import type { AttentionOutput, Engine, Wanted } from '../engine.ts'
import { selfAttentionOperands } from '../operands.ts'
import { causalSelfAttention, firstUnsupported } from '../unsupported.ts'
import { attend } from './attend.ts'
import { costOf } from './cost.ts'
import { linear } from './linear.ts'

/**
 * float32 arrays, loops and a small kernel, for problems so small that a native call costs more than the arithmetic.
 */
export function directEngine(version: string): Engine {
  return {
    name: 'direct',
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
  const width = mixedDim(size)
  const keyWidth = keyValueHeads * headDim
  const { query, key, value, output } = projections
  const [queries, keys, values, mixed] = scratchArrays(
    positions * width,
    positions * keyWidth,
    positions * keyWidth,
    positions * width,
  )
  linear(queries, input, query, positions, dIn, width) //   (batch, length, width)
  linear(keys, input, key, positions, dIn, keyWidth) //     (batch, length, keyWidth)
  if (value !== null) linear(values, input, value, positions, dIn, keyWidth)
  const square = batch * heads * length * length
  const weights = wanted.weights ? float32Zeros(square) : null
  const scores = wanted.scores ? float32Zeros(square) : null
  const rows = emptyRowStatistics(batch, heads, visibility)
  const into = {
    queries,
    keys,
    values: value === null ? null : values,
    weights,
    scores,
    mixed,
    rows,
    row: float64Zeros(length),
  }
  const keep = problem.dropout?.keep ?? null
  const keepProbability = problem.dropout?.keepProbability ?? 1
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      const keyHead = Math.floor((head * keyValueHeads) / heads)
      const at = {
        queryStart: item * length * width + head * headDim,
        queryStride: width,
        keyStart: item * length * keyWidth + keyHead * headDim,
        keyStride: keyWidth,
        map: item * heads + head,
      }
      attend(at, into, length, headDim, scoring.scale, keep, keepProbability)
    }
  }
  const contextWidth = value === null ? 0 : contextDim(size)
  const context = float32Zeros(positions * contextWidth)
  if (output !== null) linear(context, mixed, output, positions, width, contextWidth)
  else if (value !== null) context.set(mixed)
  const apart = (data: Float32Array, count: number): Tensor =>
    splitHeads(data, { batch, length, heads: count, headDim })
  return {
    context: tensor([batch, length, contextWidth], context),
    rowSums: rows,
    ...(wanted.statistics ? { rowStatistics: rows } : {}),
    ...(weights ? { weights: AttentionMaps.whole(batch, heads, visibility, 0, weights) } : {}),
    ...(scores ? { scores: AttentionMaps.whole(batch, heads, visibility, -Infinity, scores) } : {}),
    ...(wanted.queries ? { queries: apart(queries, heads) } : {}),
    ...(wanted.keys ? { keys: apart(keys, keyValueHeads) } : {}),
    ...(wanted.values ? { values: apart(values, keyValueHeads) } : {}),
    ...(wanted.contextHeads ? { contextHeads: apart(mixed, heads) } : {}),
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
