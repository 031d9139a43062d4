import type { AttentionOutput, Wanted } from '../engines/engine.ts'
import { selfAttentionOutline } from '../problem/outline.ts'
import { selfAttention } from '../problem/problem.ts'
import { drawModel } from '../sources/chapter-3/build.ts'
import { drawInput } from '../sources/input.ts'
import { headDim, outputDim } from '../sources/chapter-3/spec.ts'
import type { ModelSpec } from '../sources/chapter-3/spec.ts'
import { pairSimilarity } from '../statistics/similarity.ts'
import {
  averageContextRange,
  averageMapStatistics,
  averageRelativeDifference,
  mapStatistics,
  relativeDifference,
} from './measures.ts'
import { valueOf } from './plan.ts'
import type { PlannedRun, Run, Value } from './plan.ts'

/** The study's one run, seed for seed: what its author saw. */
export interface NotebookRun {
  readonly seed: number
  /** Whose numbers these are. */
  readonly pytorch: string
  /** Pearson correlation of the two heads' full maps, item 0 of the batch. */
  readonly headCorrelation: Value
  /** Relative L2 difference of the contexts of 2 and 4 heads, of each item and averaged. */
  readonly contextDifference: Value
  /** The same of all items' values as one vector. */
  readonly contextDifferenceWholeBatch: Value
  readonly bias: Readonly<Record<'none' | 'qkv', NotebookArm>>
  readonly heads: Readonly<Record<'heads-2' | 'heads-4', NotebookArm>>
}

/** An arm's statistics, averaged over batch and heads, and the extremes of all its context vectors. */
export type NotebookArm = Readonly<
  Record<(typeof mapStatistics)[number] | 'contextRange' | 'contextMin' | 'contextMax', Value>
>

const seed = 42
/** Uniform draws between the seed and the heads' input: the parameters of the last model of part 1, 3 x 320. */
export const notebookAdvance = 960
const dropout = 0.1
const part1: ModelSpec = {
  kind: 'causal',
  dIn: 20,
  dOut: 16,
  contextLength: 8,
  numHeads: 1,
  dropout,
  qkvBias: false,
  outProj: false,
}
const part2: ModelSpec = {
  kind: 'multi-head',
  dIn: 4,
  dOut: 4,
  contextLength: 6,
  numHeads: 2,
  dropout,
  qkvBias: false,
  outProj: true,
}
const batch = 5

/** What the reproduction runs. */
export const notebookRuns: readonly PlannedRun[] = [part1, part2].map((spec) => ({
  times: 2,
  outline: selfAttentionOutline(sizeOf(spec)),
  extra: 1000,
}))

function sizeOf(spec: ModelSpec) {
  return {
    batch,
    length: spec.contextLength,
    dIn: spec.dIn,
    heads: spec.numHeads,
    headDim: headDim(spec),
    ...(spec.outProj ? { outputDim: outputDim(spec) } : {}),
  }
}

/** Runs the study's four models on its two inputs, in eval mode. */
export async function runNotebook(run: Run): Promise<NotebookRun> {
  const none = await forward(run, part1, 0, {})
  const qkv = await forward(run, { ...part1, qkvBias: true }, 0, {})
  const two = await forward(run, part2, notebookAdvance, { weights: true })
  const four = await forward(run, { ...part2, numHeads: 4 }, notebookAdvance, {})
  return {
    seed,
    pytorch: '2.9.1',
    headCorrelation: valueOf(pairSimilarity(two.weights!, 0, 0, 1).pearson),
    contextDifference: valueOf(averageRelativeDifference(four.context, two.context, batch)),
    contextDifferenceWholeBatch: valueOf(
      relativeDifference(four.context.data, two.context.data, 0, two.context.data.length),
    ),
    bias: { none: armOf(none), qkv: armOf(qkv) },
    heads: { 'heads-2': armOf(two), 'heads-4': armOf(four) },
  }
}

async function forward(run: Run, spec: ModelSpec, advance: number, wanted: Wanted): Promise<AttentionOutput> {
  const input = drawInput([batch, spec.contextLength, spec.dIn], seed, advance)
  const { projections } = drawModel(spec, seed)
  return run(selfAttention({ ...sizeOf(spec), projections, input: input.data }), { ...wanted, statistics: true })
}

function armOf(output: AttentionOutput): NotebookArm {
  const statistics = averageMapStatistics(output.rowStatistics!, batch)
  const { data } = output.context
  return {
    ...(Object.fromEntries(mapStatistics.map((name, i) => [name, valueOf(statistics[i]!)])) as Record<
      (typeof mapStatistics)[number],
      Value
    >),
    contextRange: valueOf(averageContextRange(output.context, batch)),
    contextMin: valueOf(data.reduce((a, b) => Math.min(a, b))),
    contextMax: valueOf(data.reduce((a, b) => Math.max(a, b))),
  }
}
