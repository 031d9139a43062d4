import type { AttentionOutput, Wanted } from '../../engines/engine.ts'
import type { Projections } from '../../problem/operands.ts'
import { selfAttentionOutline } from '../../problem/outline.ts'
import { selfAttention } from '../../problem/problem.ts'
import { effectiveRank } from '../../statistics/effective-rank.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { countSeeds, inputSize, seedAt } from '../config.ts'
import { drawHeadsProjections, headsArms, headsSize, similarityArm } from './arms.ts'
import type { HeadsArm } from './arms.ts'
import { drawInput } from '../input.ts'
import {
  averageMapStatistics,
  averageRelativeDifference,
  deviationFromUniform,
  largestFutureWeight,
  largestRowSumError,
  mapStatistics,
  rowSumScale,
} from '../measures.ts'
import { notebookAdvance, notebookRuns, runNotebook } from '../notebook.ts'
import { valueOf } from '../plan.ts'
import type { Plan, PlannedRun, Run } from '../plan.ts'
import { seedUnit } from '../unit.ts'
import type { HeadsConfig } from './config.ts'
import { averageSimilarity, drawNull, nullDraws, nullDrawsAt, similarityMeasures } from './similarity-null.ts'

export const headsStatistics = [
  ...mapStatistics,
  ...similarityMeasures,
  'effectiveRank',
  'contextDifference',
  'contextFromUniform',
] as const
export const headsInvariants = ['zero-input-is-uniform', 'rows-sum-to-one', 'no-future-weight'] as const

/** MultiHeadAttention with different numbers of heads, on the same inputs. */
export function planHeads(config: HeadsConfig): Plan<HeadsConfig> {
  const { batch, seqLen } = inputSize(config.input)
  const arms = headsArms(config)
  const compared = similarityArm(config)
  const forward = (
    run: Run,
    arm: HeadsArm,
    projections: Projections,
    input: Float32Array,
    wanted: Wanted,
  ): Promise<AttentionOutput> =>
    run(selfAttention({ ...headsSize(config, arm, batch + 1), outputDim: arm.dOut, projections, input }), wanted)

  return {
    config,
    unit: seedUnit,
    units: countSeeds(config.seeds),
    arms: arms.map(({ name }) => name),
    reported: arms.map(({ name }) => name),
    statistics: headsStatistics,
    invariants: headsInvariants,
    unitRuns: arms.map((arm) => plannedRun(config, arm, 2, batch + 1)),
    fixedRuns: [
      ...notebookRuns,
      {
        times: nullDraws,
        outline: selfAttentionOutline(headsSize(config, compared, batch)),
        extra: similarityWork(compared, batch, seqLen),
      },
    ],
    async runUnit(position, run) {
      const seed = seedAt(config.seeds, position)
      const input = drawInput(config.input, config.dIn, seed, config.pairing, notebookAdvance)
      const projectionsOf = drawHeadsProjections(config, seed)
      const uniformContexts = new Map<number, Tensor>()
      const outputs: AttentionOutput[] = []
      const values: number[] = []
      for (const arm of arms) {
        const projections = projectionsOf(arm)
        const output = await forward(run, arm, projections, input, {
          statistics: true,
          weights: true,
          queries: true,
          keys: true,
        })
        outputs.push(output)
        const { context } = output
        if (!uniformContexts.has(arm.dOut)) {
          const uniform = await forward(
            run,
            arm,
            { ...projections, query: { weight: new Float32Array(projections.query.weight.length), bias: null } },
            input,
            {},
          )
          uniformContexts.set(arm.dOut, uniform.context)
        }
        values.push(
          ...averageMapStatistics(output.rowStatistics!, batch),
          ...averageSimilarity(output.weights!, batch),
          averageEffectiveRank(output.queries!, output.keys!, batch),
          arm.dOut === config.dOut ? averageRelativeDifference(context, outputs[0]!.context, batch) : NaN,
          averageRelativeDifference(uniformContexts.get(arm.dOut)!, context, batch),
        )
      }
      values.push(
        Math.max(...outputs.map((output) => deviationFromUniform(output.weights!, batch))),
        1,
        Math.max(...outputs.map(largestRowSumError)),
        rowSumScale(seqLen),
        Math.max(...outputs.map(largestFutureWeight)),
        1,
      )
      const drawn = []
      for (const draw of nullDrawsAt(config, position)) drawn.push(await drawNull(config, draw, run))
      return {
        unit: seed,
        values: values.map(valueOf),
        nullDraws: drawn,
        ...(position === 0 ? { notebook: await runNotebook(run) } : {}),
      }
    },
  }
}

/**
 * Effective rank of the unmasked Q K^T, averaged over heads and the first `batch` items; maps that are zero are left
 * out.
 */
function averageEffectiveRank(queries: Tensor, keys: Tensor, batch: number): number {
  const [, heads, seqLen, headDim] = queries.shape as [number, number, number, number]
  let sum = 0
  let count = 0
  for (let map = 0; map < batch * heads; map++) {
    const rank = effectiveRank(queries.data, keys.data, map * seqLen * headDim, seqLen, headDim)
    if (Number.isNaN(rank)) continue
    sum += rank
    count++
  }
  return sum / count
}

function plannedRun(config: HeadsConfig, arm: HeadsArm, times: number, batch: number): PlannedRun {
  const { seqLen } = inputSize(config.input)
  const { numHeads, headDim, dOut } = arm
  const small = Math.min(headDim, seqLen)
  const ranks = batch * numHeads * (1000 + 4 * seqLen * headDim * small + 20 * small ** 3)
  return {
    times,
    outline: selfAttentionOutline({ ...headsSize(config, arm, batch), outputDim: dOut }),
    extra: similarityWork(arm, batch, seqLen) + ranks,
  }
}

/** Operations of comparing every pair of heads of every item. */
function similarityWork({ numHeads }: HeadsArm, batch: number, seqLen: number): number {
  return batch * 20 * numHeads * (numHeads - 1) * seqLen * seqLen
}
