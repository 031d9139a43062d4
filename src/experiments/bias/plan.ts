import { selfAttentionOutline } from '../../problem/outline.ts'
import { selfAttention } from '../../problem/problem.ts'
import { biasMeasures } from './measures.ts'
import { countHeads, runArms, sideBySide } from './arms.ts'
import { countSeeds, inputSize, seedAt } from '../config.ts'
import { drawInput } from '../input.ts'
import { mapStatistics } from '../measures.ts'
import { notebookRuns, runNotebook } from '../notebook.ts'
import { valueOf } from '../plan.ts'
import type { Plan } from '../plan.ts'
import { seedUnit } from '../unit.ts'
import type { ArmName, BiasConfig } from './config.ts'

export const biasStatistics = [...mapStatistics, 'contextRange', 'keyPreferenceShare'] as const
export const biasInvariants = [
  'key-bias-leaves-weights',
  'value-bias-shifts-context',
  'zero-input-is-uniform',
  'rows-sum-to-one',
  'no-future-weight',
] as const

/** Beside the arms to report, those that every claim needs: no bias, the query's alone, all three. */
const neededArms: readonly ArmName[] = ['none', 'q', 'qkv']

/**
 * CausalSelfAttention with different biases, on the same inputs. A seed is one problem: the arms are its heads, so that
 * each is computed as it would be alone, and an engine is called once.
 */
export function planBias(config: BiasConfig): Plan<BiasConfig> {
  const { dIn, dOut } = config
  const { batch, seqLen } = inputSize(config.input)
  const arms = [...new Set([...neededArms, ...config.arms])]
  const size = {
    batch: batch + 1,
    length: seqLen,
    dIn,
    heads: countHeads(arms, config.pairing),
    headDim: dOut,
  }

  return {
    config,
    unit: seedUnit,
    units: countSeeds(config.seeds),
    arms,
    reported: config.arms,
    statistics: biasStatistics,
    invariants: biasInvariants,
    unitRuns: [{ times: 1, outline: selfAttentionOutline(size), extra: 0 }],
    fixedRuns: notebookRuns,
    async runUnit(position, run) {
      const seed = seedAt(config.seeds, position)
      const models = runArms(arms, config, seed)
      const projections = sideBySide(models.heads, dIn, dOut)
      const input = drawInput(config.input, dIn, seed, config.pairing, 0)
      const output = await run(selfAttention({ ...size, projections, input }), {
        statistics: true,
        weights: true,
        scores: true,
        keys: true,
      })
      const values = biasMeasures(output, models, batch)
      return {
        unit: seed,
        values: values.map(valueOf),
        ...(position === 0 ? { notebook: await runNotebook(run) } : {}),
      }
    },
  }
}
