import type { AttentionProblem } from '../../problem/problem.ts'
import type { Wanted } from '../engine.ts'
import { blockGraph, momentColumns } from './graphs.ts'
import { moments, rowWidth } from './rows.ts'
import type { RowPlace } from './rows.ts'
import type { Feeds, Results, Sessions } from './sessions.ts'
import type { Stages } from './stages.ts'

/** Whether the graph of the causal rule alone solves a problem's blocks, which is faster than that of any rule. */
export function isCausalAlone({ operands, visibility, scoring }: AttentionProblem): boolean {
  const { softCap, bias, slopes, sinks } = scoring
  const scaledOnly = softCap === null && bias === null && slopes === null && sinks === null
  return operands.kind === 'projected' && visibility.kind === 'causal' && scaledOnly
}

export function solveCausalBlock(
  sessions: Sessions,
  problem: AttentionProblem,
  wanted: Wanted,
  stages: Stages,
  { first, count, from, size }: RowPlace,
): Promise<Results> {
  const { queries: length, heads, keyValueHeads, headDim, valueDim } = problem.size
  const context = stages.value !== null
  const dropout = context ? problem.dropout : null // which changes nothing but the contexts
  const structure = {
    guarded: !stages.moderate,
    grouped: keyValueHeads !== heads,
    dropout: dropout !== null,
    context,
    statistics: wanted.statistics === true,
    weights: wanted.weights === true,
    scores: wanted.scores === true,
  }
  const to = from + size
  const square = heads * length * length
  const positions = (
    stage: Float32Array,
    start: number,
    end: number,
    heads: number,
    headWidth: number,
  ): Feeds[string] => {
    const width = count * heads * headWidth
    return [stage.subarray(start * width, end * width), [end - start, count, heads, headWidth]]
  }
  const mapShape = [count, heads, size, to]
  return sessions.run(
    `block ${Object.values(structure)}`,
    () => blockGraph(structure),
    {
      query: positions(stages.query, from, to, heads, headDim),
      key: positions(stages.key, 0, to, keyValueHeads, headDim),
      ...(stages.value === null ? {} : { value: positions(stages.value, 0, to, keyValueHeads, valueDim) }),
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
      ...(context ? { mixed: [count, size, heads, valueDim] } : {}),
      ...(structure.weights ? { weights: mapShape } : {}),
      ...(structure.scores ? { scores: mapShape } : {}),
    },
  )
}
