import type { Projection } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { contextDim, mixedDim } from '../../problem/size.ts'
import { emptyRowStatistics, emptyRowSums } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import type { RowBlock } from '../../tensor/attention-maps.ts'
import { giveBackFloats, takeFloats } from '../../tensor/float-memory.ts'
import { splitHeads } from '../../tensor/split-heads.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { AttentionOutput, Wanted } from '../engine.ts'
import { headAfterHead } from '../head-vectors.ts'
import { planBlocks } from './block-plan.ts'
import { isCausalAlone, solveCausalBlock } from './causal-block.ts'
import { outputGraph } from './operand-graphs.ts'
import { fillRows, fillSums } from './rows.ts'
import type { RowPlace } from './rows.ts'
import { productsOf, solveRuledBlock } from './ruled-block.ts'
import { fillRuledRows } from './ruled-rows.ts'
import { ruledScoring } from './ruled-scoring.ts'
import type { Results, Sessions } from './sessions.ts'
import { headsApart, linearFeeds, prepareStages } from './stages.ts'

/**
 * A problem in three steps: projections, then one block of rows after the other, then the output projection. Each is
 * one session that serves every batch, length and width. A batch whose blocks would have more than `blockElements`
 * scores is solved some items at a time. Before each block it looks whether it is still wanted.
 *
 * Why not the `Attention` operator of opset 23: it keeps whole matrices of weights and says nothing of their rows.
 * Why not one graph with all the blocks: as fast, but a session for each length, and 2.6 times the memory at T 4096.
 */
export async function solve(
  sessions: Sessions,
  problem: AttentionProblem,
  wanted: Wanted,
  blockElements: number,
  signal?: AbortSignal,
): Promise<AttentionOutput> {
  const { size, visibility, operands } = problem
  const { batch, queries, keys, heads, keyValueHeads, headDim, valueDim } = size
  const width = mixedDim(size)
  const plan = planBlocks(size, visibility, blockElements)
  const { itemsPerBlock, rowsPerBlock } = plan
  const scoring = isCausalAlone(problem) ? null : ruledScoring(problem)
  const hasValues = (operands.kind === 'given' ? operands.value : operands.projections.value) !== null
  // (batch, queries, heads * valueDim)
  const mixed = hasValues ? takeFloats(batch * queries * width) : null
  const sinks = problem.scoring.sinks !== null
  const statistics = wanted.statistics ? emptyRowStatistics(batch, heads, visibility, sinks) : null
  const sums = statistics ?? emptyRowSums(batch, heads, visibility, sinks)
  let maxHiddenWeight = 0
  const kept = {
    query: [] as Float32Array[],
    key: [] as Float32Array[],
    value: [] as Float32Array[],
    products: [] as Float32Array[],
  }
  const weights: RowBlock[] = []
  const scores: RowBlock[] = []
  for (let first = 0; first < batch; first += itemsPerBlock) {
    const count = Math.min(itemsPerBlock, batch - first)
    signal?.throwIfAborted()
    const stages = await prepareStages(sessions, problem, first, count)
    const apart = (stage: Float32Array, length: number, heads: number, width: number): Float32Array =>
      headsApart(stage, stages.headsFirst, headAfterHead(count, length, heads, width))
    if (wanted.queries) kept.query.push(apart(stages.query, queries, heads, headDim))
    if (wanted.keys) kept.key.push(apart(stages.key, keys, keyValueHeads, headDim))
    if (wanted.values) kept.value.push(apart(stages.value!, keys, keyValueHeads, valueDim))
    if (wanted.products) kept.products.push(await productsOf(sessions, problem, stages, count))
    for (const rows of plan.rows) {
      const part = { first, count, from: rows.from, size: rows.to - rows.from }
      signal?.throwIfAborted()
      let block: Results = {}
      if (scoring === null) {
        block = await solveCausalBlock(sessions, problem, wanted, stages, part)
        if (statistics === null) fillSums(sums, block.rows!, part)
        else fillRows(statistics, block.rows!, part)
        maxHiddenWeight = Math.max(maxHiddenWeight, block.future![0]!)
      } else {
        const seesAny = rows.end > rows.first
        if (seesAny) block = await solveRuledBlock(sessions, problem, scoring, wanted, stages, part, rows)
        fillRuledRows(sums, statistics, block.rows ?? null, part, rows)
        maxHiddenWeight = Math.max(maxHiddenWeight, block.hiddenWeight?.[0] ?? 0)
      }
      if (mixed !== null) putRows(block.mixed ?? null, mixed, part, queries, width)
      const place = { firstKey: rows.first, width: rows.end - rows.first }
      if (wanted.weights) weights.push({ data: block.weights ?? new Float32Array(0), ...place })
      if (wanted.scores) scores.push({ data: block.scores ?? new Float32Array(0), ...place })
      for (const name of ['mixed', 'rows']) if (name in block) giveBackFloats(block[name]!)
    }
    stages.release()
  }
  signal?.throwIfAborted()
  const output = operands.kind === 'given' ? null : operands.projections.output
  const context = mixed === null || output === null ? mixed : await outputProjection(sessions, problem, output, mixed)
  const maps = (blocks: readonly RowBlock[], masked: number): AttentionMaps =>
    new AttentionMaps({ batch, heads, visibility, masked, itemsPerBlock, rowsPerBlock, blocks })
  const stage = (parts: readonly Float32Array[], heads: number, length: number, width: number): Tensor =>
    tensor([batch, heads, length, width], concatenated(parts))
  const answer = {
    context:
      context === null
        ? tensor([batch, queries, 0], new Float32Array(0))
        : tensor([batch, queries, contextDim(size)], context),
    rowSums: { ...sums, maxHiddenWeight },
    ...(statistics ? { rowStatistics: { ...statistics, maxHiddenWeight } } : {}),
    ...(wanted.weights ? { weights: maps(weights, 0) } : {}),
    ...(wanted.scores ? { scores: maps(scores, -Infinity) } : {}),
    ...(wanted.products ? { products: stage(kept.products, heads, queries, keys) } : {}),
    ...(wanted.queries ? { queries: stage(kept.query, heads, queries, headDim) } : {}),
    ...(wanted.keys ? { keys: stage(kept.key, keyValueHeads, keys, headDim) } : {}),
    ...(wanted.values ? { values: stage(kept.value, keyValueHeads, keys, valueDim) } : {}),
    ...(wanted.contextHeads
      ? { contextHeads: splitHeads(mixed!, { batch, length: queries, heads, headDim: valueDim }) }
      : {}),
  }
  if (mixed !== null && mixed !== context) giveBackFloats(mixed)
  return answer
}

/** Rows of some items, (count, size, width) or null for zeros, to their place in (batch, length, width). */
function putRows(
  rows: Float32Array | null,
  into: Float32Array,
  { first, count, from, size }: RowPlace,
  length: number,
  width: number,
): void {
  const values = size * width
  for (let item = 0; item < count; item++) {
    const at = ((first + item) * length + from) * width
    if (rows === null) into.fill(0, at, at + values)
    else into.set(rows.subarray(item * values, (item + 1) * values), at)
  }
}

async function outputProjection(
  sessions: Sessions,
  problem: AttentionProblem,
  output: Projection,
  mixed: Float32Array,
): Promise<Float32Array> {
  const { batch, queries: length, outputDim } = problem.size
  const width = mixedDim(problem.size)
  const { context } = await sessions.run(
    `output ${output.bias !== null}`,
    () => outputGraph(output.bias !== null),
    {
      x: [mixed, [batch * length, width]],
      ...linearFeeds('output', output, width),
    },
    { context: [batch * length, outputDim] },
  )
  return context!
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
