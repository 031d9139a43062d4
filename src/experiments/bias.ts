import type { AttentionOutput } from '../engines/engine.ts'
import { attentionProblem } from '../models/problem.ts'
import type { ModelSpec } from '../models/spec.ts'
import { drawBiasModel, drawSharedBiasModel, sideBySide } from './bias-models.ts'
import type { ArmModel } from './bias-models.ts'
import { contextShift, keyPreferenceShare } from './bias-measures.ts'
import { inputSize, seedAt } from './config.ts'
import type { ArmName, BiasConfig } from './config.ts'
import { drawInput } from './input.ts'
import { averageContextRange, averageMapStatistics, deviationFromUniform, largestFutureWeight, largestRowSumError, largestScore, largestWeightDifference, mapStatistics } from './measures.ts'
import { notebookRuns, runNotebook } from './notebook.ts'
import { valueOf } from './plan.ts'
import type { Plan, PlannedRun } from './plan.ts'

export const biasStatistics = [...mapStatistics, 'contextRange', 'keyPreferenceShare'] as const
export const biasInvariants = ['key-bias-leaves-weights', 'value-bias-shifts-context', 'zero-input-is-uniform', 'rows-sum-to-one', 'no-future-weight'] as const

/** Beside the arms to report, those that every claim and invariant needs: no bias, all biases, the query's alone. */
const neededArms: readonly ArmName[] = ['none', 'q', 'qkv']

/**
 * CausalSelfAttention with different biases, on the same inputs. A seed is one problem: the arms are its heads, so that
 * each is computed as it would be alone, and an engine is called once.
 */
export function planBias(config: BiasConfig): Plan<BiasConfig> {
  const { dIn, dOut } = config
  const { batch, seqLen } = inputSize(config.input)
  const arms = [...new Set([...neededArms, ...config.arms])]
  // With the study's pairing no arm is qkv without its key's and value's bias, so one more head is.
  const numHeads = arms.length + (config.pairing === 'notebook' ? 1 : 0)
  const spec: ModelSpec = { kind: 'causal', dIn, dOut, contextLength: seqLen, numHeads, dropout: config.dropout, qkvBias: true, outProj: false }
  const size: PlannedRun = { times: 1, batch: batch + 1, seqLen, dIn, numHeads, headDim: dOut, outputDim: 0, extra: 0 }

  return {
    config,
    arms,
    statistics: biasStatistics,
    invariants: biasInvariants,
    seedRuns: [size],
    fixedRuns: notebookRuns,
    async runSeed(position, run) {
      const seed = seedAt(config.seeds, position)
      const models = config.pairing === 'parameters' ? sharedModels(arms, drawSharedBiasModel(dIn, dOut, seed)) : studyModels(arms, dIn, dOut, seed)
      const projections = sideBySide(models, dIn, dOut)
      const input = drawInput(config.input, dIn, seed, config.pairing, 0)
      const output = await run(attentionProblem({ spec, headDim: dOut, outputDim: numHeads * dOut, projections, batch: batch + 1, seqLen, input, dropout: null }), { weights: true, scores: true, keys: true })
      const values: number[] = []
      arms.forEach((_, head) => {
        const queryBias = projections.query.bias!.subarray(head * dOut, (head + 1) * dOut)
        values.push(...averageMapStatistics(output.rowStatistics, batch, head), averageContextRange(output.context, batch, head, dOut), keyPreferenceShare(output, head, queryBias, batch))
      })
      values.push(...invariants(output, models))
      return { seed, values: values.map(valueOf), ...(position === 0 ? { notebook: await runNotebook(run) } : {}) }
    },
  }

  /** A deviation and a scale for each invariant. */
  function invariants(output: AttentionOutput, models: readonly ArmModel[]): number[] {
    const weights = output.weights!
    const head = (arm: ArmName): number => arms.indexOf(arm)
    const full = head('qkv')
    const queryAlone = config.pairing === 'parameters' ? head('q') : numHeads - 1
    const pairs = [[full, queryAlone], ...(config.pairing === 'parameters' && arms.includes('k') ? [[head('k'), head('none')]] : [])] as [number, number][]
    const [shift, magnitude] = contextShift(output.context, full, queryAlone, models[full]!.model.value.bias!)
    return [
      Math.max(...pairs.map(([a, b]) => largestWeightDifference(weights, a, b))), largestScore(output.scores!),
      shift, magnitude,
      deviationFromUniform(weights, batch), 1,
      largestRowSumError(output), 1,
      largestFutureWeight(output), 1,
    ]
  }
}

function sharedModels(arms: readonly ArmName[], model: ArmModel['model']): ArmModel[] {
  return arms.map((arm) => ({ arm, model }))
}

function studyModels(arms: readonly ArmName[], dIn: number, dOut: number, seed: number): ArmModel[] {
  const models = arms.map((arm) => ({ arm, model: drawBiasModel(dIn, dOut, arm, seed) }))
  return [...models, { arm: 'q', model: models[arms.indexOf('qkv')]!.model }]
}
