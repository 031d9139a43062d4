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
import { selfAttentionOperands } from '../operands.ts'
import { planBlocks } from './block-plan.ts'
import { blockGraph, momentColumns, outputGraph, projectGraph } from './graphs.ts'
import { fillRows, fillSums, moments, rowWidth } from './rows.ts'
import type { Feeds, Results, Sessions } from './sessions.ts'

/**
 * Greatest score that is moderate: far enough from float32's greatest number, 3.4e38, that neither a score nor the
 * difference of two comes near it.
 */
const moderateScore = 1e38

/** Some items of the batch, and of each some rows. */
interface Part {
  readonly first: number
  readonly count: number
  readonly from: number
  readonly size: number
}

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
  const { size, visibility } = problem
  const { batch, queries: length, heads, keyValueHeads, headDim } = size
  const { projections } = selfAttentionOperands(problem)
  const width = mixedDim(size)
  const { itemsPerBlock, rowsPerBlock } = planBlocks(size, blockElements)
  // (batch, length, heads * headDim)
  const mixed = projections.value === null ? null : takeFloats(batch * length * width)
  const statistics = wanted.statistics ? emptyRowStatistics(batch, heads, visibility) : null
  const sums = statistics ?? emptyRowSums(batch, heads, visibility)
  let maxHiddenWeight = 0
  const kept = { query: [] as Float32Array[], key: [] as Float32Array[], value: [] as Float32Array[] }
  const weights: RowBlock[] = []
  const scores: RowBlock[] = []
  for (let first = 0; first < batch; first += itemsPerBlock) {
    const count = Math.min(itemsPerBlock, batch - first)
    signal?.throwIfAborted()
    const stages = await project(sessions, problem, first, count)
    const guarded = !areModerate(stages, problem.scoring.scale)
    const apart = (stage: Float32Array, heads: number): Float32Array =>
      splitHeads(stage, { batch: count, length, heads, headDim, positionsFirst: true }).data
    if (wanted.queries) kept.query.push(apart(stages.query!, heads))
    if (wanted.keys) kept.key.push(apart(stages.key!, keyValueHeads))
    if (wanted.values) kept.value.push(apart(stages.value!, keyValueHeads))
    for (let from = 0; from < length; from += rowsPerBlock) {
      const part = { first, count, from, size: Math.min(rowsPerBlock, length - from) }
      signal?.throwIfAborted()
      const block = await solveBlock(sessions, problem, wanted, stages, part, guarded)
      if (mixed !== null) putRows(block.mixed!, mixed, part, length, width)
      if (statistics === null) fillSums(sums, block.rows!, part)
      else fillRows(statistics, block.rows!, part)
      maxHiddenWeight = Math.max(maxHiddenWeight, block.future![0]!)
      if (wanted.weights) weights.push({ data: block.weights!, firstKey: 0, width: from + part.size })
      if (wanted.scores) scores.push({ data: block.scores!, firstKey: 0, width: from + part.size })
      for (const name of ['mixed', 'rows']) if (name in block) giveBackFloats(block[name]!)
    }
    for (const stage of Object.values(stages)) giveBackFloats(stage)
  }
  signal?.throwIfAborted()
  const context =
    mixed === null || projections.output === null ? mixed : await outputProjection(sessions, problem, mixed)
  const maps = (blocks: readonly RowBlock[], masked: number): AttentionMaps =>
    new AttentionMaps({ batch, heads, visibility, masked, itemsPerBlock, rowsPerBlock, blocks })
  const stage = (parts: readonly Float32Array[], heads: number): Tensor =>
    tensor([batch, heads, length, headDim], concatenated(parts))
  const output = {
    context:
      context === null
        ? tensor([batch, length, 0], new Float32Array(0))
        : tensor([batch, length, contextDim(size)], context),
    rowSums: { ...sums, maxHiddenWeight },
    ...(statistics ? { rowStatistics: { ...statistics, maxHiddenWeight } } : {}),
    ...(wanted.weights ? { weights: maps(weights, 0) } : {}),
    ...(wanted.scores ? { scores: maps(scores, -Infinity) } : {}),
    ...(wanted.queries ? { queries: stage(kept.query, heads) } : {}),
    ...(wanted.keys ? { keys: stage(kept.key, keyValueHeads) } : {}),
    ...(wanted.values ? { values: stage(kept.value, keyValueHeads) } : {}),
    ...(wanted.contextHeads ? { contextHeads: splitHeads(mixed!, { batch, length, heads, headDim }) } : {}),
  }
  if (mixed !== null && mixed !== context) giveBackFloats(mixed)
  return output
}

/** Rows of some items, (count, size, width), to their place in (batch, length, width). */
function putRows(
  rows: Float32Array,
  into: Float32Array,
  { first, count, from, size }: Part,
  length: number,
  width: number,
): void {
  const values = size * width
  for (let item = 0; item < count; item++)
    into.set(rows.subarray(item * values, (item + 1) * values), ((first + item) * length + from) * width)
}

/** Some items' queries and keys, and values where contexts are asked for: (length, count, heads * headDim). */
function project(sessions: Sessions, problem: AttentionProblem, first: number, count: number): Promise<Results> {
  const { queries: length, dIn, heads, keyValueHeads, headDim } = problem.size
  const {
    input,
    projections: { query, key, value },
  } = selfAttentionOperands(problem)
  const structure = {
    query: query.bias !== null,
    key: key.bias !== null,
    value: value === null ? null : value.bias !== null,
    several: count > 1,
  }
  const values = length * dIn
  const shape = (heads: number): number[] => (count > 1 ? [length, count, heads * headDim] : [length, heads * headDim])
  return sessions.run(
    `project ${Object.values(structure)}`,
    () => projectGraph(structure),
    {
      x: [input.subarray(first * values, (first + count) * values), [count * length, dIn]],
      ...(count > 1 ? { shape: [count, length, -1] } : {}),
      ...linearFeeds('query', query, dIn),
      ...linearFeeds('key', key, dIn),
      ...(value === null ? {} : linearFeeds('value', value, dIn)),
    },
    {
      query: shape(heads),
      key: shape(keyValueHeads),
      ...(value === null ? {} : { value: shape(keyValueHeads) }),
      squares: [1, value === null ? 2 : 3],
    },
  )
}

/**
 * Whether all values are finite and no score is beyond `moderateScore`: |q . k| is at most |q| |k|, and no query's norm
 * is above that of all queries together. A sum of squares that is not finite says no.
 */
function areModerate({ squares }: Results, scale: number): boolean {
  const [query, key, value = 0] = squares!
  return Math.sqrt(query! * key!) * scale <= moderateScore && value < Infinity
}

function solveBlock(
  sessions: Sessions,
  problem: AttentionProblem,
  wanted: Wanted,
  stages: Results,
  { first, count, from, size }: Part,
  guarded: boolean,
): Promise<Results> {
  const { queries: length, heads, keyValueHeads, headDim } = problem.size
  const context = selfAttentionOperands(problem).projections.value !== null
  const dropout = context ? problem.dropout : null // which changes nothing but the contexts
  const structure = {
    guarded,
    grouped: keyValueHeads !== heads,
    dropout: dropout !== null,
    context,
    statistics: wanted.statistics === true,
    weights: wanted.weights === true,
    scores: wanted.scores === true,
  }
  const to = from + size
  const square = heads * length * length
  const positions = (stage: Float32Array, start: number, end: number, heads: number): Feeds[string] => {
    const width = count * heads * headDim
    return [stage.subarray(start * width, end * width), [end - start, count, heads, headDim]]
  }
  const mapShape = [count, heads, size, to]
  return sessions.run(
    `block ${Object.values(structure)}`,
    () => blockGraph(structure),
    {
      query: positions(stages.query!, from, to, heads),
      key: positions(stages.key!, 0, to, keyValueHeads),
      ...(context ? { value: positions(stages.value!, 0, to, keyValueHeads) } : {}),
      scale: [Float32Array.of(problem.scoring.scale), [1]],
      to: [to],
      size: [size],
      before: [Math.max(0, from - 1)],
      maskPadding: [0, from, 0, 0],
      nearPadding: [0, 0, 0, from === 0 ? 1 : 0, 0, 0, 0, 0],
      ...(structure.statistics ? { step: [size + 2], moments: [moments(to), [to, momentColumns]] } : {}),
      ...(structure.grouped
        ? { keyHeads: Array.from({ length: heads }, (_, head) => Math.floor((head * keyValueHeads) / heads)) }
        : {}),
      ...(dropout
        ? {
            from: [from],
            keep: [dropout.keep.subarray(first * square, (first + count) * square), [count, heads, length, length]],
            keepProbability: [Float32Array.of(dropout.keepProbability), [1]],
          }
        : {}),
    },
    {
      rows: [count, heads, size, structure.statistics ? rowWidth : 1],
      future: [1, 1, 1, 1],
      ...(context ? { mixed: [count, size, heads, headDim] } : {}),
      ...(structure.weights ? { weights: mapShape } : {}),
      ...(structure.scores ? { scores: mapShape } : {}),
    },
  )
}

async function outputProjection(
  sessions: Sessions,
  problem: AttentionProblem,
  mixed: Float32Array,
): Promise<Float32Array> {
  const { batch, queries: length, outputDim } = problem.size
  const output = selfAttentionOperands(problem).projections.output!
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

function linearFeeds(name: string, { weight, bias }: Projection, inputs: number): Feeds {
  return {
    [`${name}.weight`]: [weight, [weight.length / inputs, inputs]],
    ...(bias === null ? {} : { [`${name}.bias`]: [bias, [bias.length]] }),
  }
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
