import type { AttentionProblem } from '../../problem/problem.ts'
import { contextDim, mixedDim } from '../../problem/size.ts'
import { emptyRowStatistics } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { float32Zeros, float64Zeros } from '../../tensor/zeros.ts'
import type { AttentionOutput, Engine, Wanted } from '../engine.ts'
import { Breaks } from '../breaks.ts'
import { sideBySide } from '../head-vectors.ts'
import { attend } from './attend.ts'
import { costOf } from './cost.ts'
import { linear } from './linear.ts'
import { directOperands } from './operands.ts'
import type { Operand } from './operands.ts'
import { allProducts } from './products.ts'

/** Rows of a map between two looks at the time. */
const rowsAtOnce = 64

/**
 * float32 arrays, loops and a small kernel, for problems so small that a native call costs more than the arithmetic.
 */
export function directEngine(version: string): Engine {
  return {
    name: 'direct',
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
  const { size, visibility, scoring } = problem
  const { batch, queries: queryCount, keys: keyCount, heads, keyValueHeads, headDim, valueDim } = size
  const width = mixedDim(size)
  const positions = batch * queryCount
  const take = scratchMemory(batch * heads * queryCount * keyCount <= mostQuickScores)
  const operands = directOperands(problem, take)
  const mixed = take(operands.values === null ? 0 : positions * width)
  const weights = wanted.weights ? AttentionMaps.empty(batch, heads, visibility, 0) : null
  const scores = wanted.scores ? AttentionMaps.empty(batch, heads, visibility, -Infinity) : null
  const rows = emptyRowStatistics(batch, heads, visibility, scoring.sinks !== null)
  const arrays = { operands, weights, scores, mixed, rows, row: float64Zeros(keyCount) }
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let from = 0; from < queryCount; from += rowsAtOnce) {
        attend(problem, item, head, from, Math.min(queryCount, from + rowsAtOnce), arrays)
        if (breaks.due) await breaks.take()
      }
    }
  }

  const contextWidth = operands.values === null ? 0 : contextDim(size)
  const context = float32Zeros(positions * contextWidth)
  const output = problem.operands.kind === 'given' ? null : problem.operands.projections.output
  if (operands.values !== null) {
    if (output !== null) linear(context, mixed, output, positions, width, contextWidth)
    else context.set(mixed)
  }
  const ofContexts = sideBySide(batch, queryCount, heads, valueDim)
  return {
    context: tensor([batch, queryCount, contextWidth], context),
    rowSums: rows,
    ...(wanted.statistics ? { rowStatistics: rows } : {}),
    ...(weights ? { weights } : {}),
    ...(scores ? { scores } : {}),
    ...(wanted.products ? { products: allProducts(problem, operands) } : {}),
    ...(wanted.queries ? { queries: headsApart(operands.queries, heads, queryCount, headDim) } : {}),
    ...(wanted.keys ? { keys: headsApart(operands.keys, keyValueHeads, keyCount, headDim) } : {}),
    ...(wanted.values ? { values: headsApart(operands.values!, keyValueHeads, keyCount, valueDim) } : {}),
    ...(wanted.contextHeads
      ? { contextHeads: headsApart({ data: mixed, at: ofContexts }, heads, queryCount, valueDim) }
      : {}),
  }
}

/** A copy as (batch, heads, length, width), whatever the order in memory. */
function headsApart({ data, at }: Operand, heads: number, length: number, width: number): Tensor {
  const y = new Float32Array(at.batch * heads * length * width)
  let to = 0
  for (let item = 0; item < at.batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let position = 0; position < length; position++) {
        const from = item * at.itemStride + position * at.positionStride + head * at.headStride
        for (let d = 0; d < width; d++) y[to++] = data[from + d]!
      }
    }
  }
  return tensor([at.batch, heads, length, width], y)
}

/** Up to so many scores no break is due, in which another problem might be begun. */
const mostQuickScores = 2 ** 17

/**
 * Arrays side by side in memory that is kept, or of their own where that is used up or the work is not `quick`. They are
 * not handed out.
 */
function scratchMemory(quick: boolean): (length: number) => Float32Array {
  let at = 0
  return (length) => {
    if (!quick || at + length > scratch.length) return new Float32Array(length)
    return scratch.subarray(at, (at += length))
  }
}

const scratch = new Float32Array(2 ** 16)
