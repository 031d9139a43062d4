import { selfAttention } from '../../problem/problem.ts'
import { pairSimilarity } from '../../statistics/similarity.ts'
import type { AttentionMaps } from '../../tensor/attention-maps.ts'
import { countSeeds, inputSize } from '../config.ts'
import { headsSize, similarityArm } from './arms.ts'
import { valueOf } from '../plan.ts'
import type { Run, Value } from '../plan.ts'
import { drawLinear, drawNormal } from '../streams.ts'
import type { HeadsConfig } from './config.ts'

/** Measures of similarity, and the fourth value of a null draw: the Pearson correlation of one pair of one item. */
export const similarityMeasures = ['pearson', 'rowCenteredPearson', 'jsDivergence'] as const

/** Draws of the null, whatever the number of seeds. */
export const nullDraws = 1000

/** Which draws the seed at `position` makes along with its own run: all 1,000, dealt out to the seeds in turn. */
export function nullDrawsAt(config: HeadsConfig, position: number): number[] {
  const seeds = countSeeds(config.seeds)
  const draws: number[] = []
  for (let draw = position; draw < nullDraws; draw += seeds) draws.push(draw)
  return draws
}

/**
 * One draw of what similarity is among heads that have nothing to do with each other: weights drawn independently for
 * each head, by streams of their own, on the experiment's given input or on fresh normals. Averaged over pairs and
 * items as a seed is, and last the Pearson correlation of one pair on one item.
 */
export async function drawNull(config: HeadsConfig, draw: number, run: Run): Promise<Value[]> {
  const arm = similarityArm(config)
  const { dIn } = config
  const { batch, seqLen } = inputSize(config.input)
  const input = 'values' in config.input ? config.input.values.data : new Float32Array(batch * seqLen * dIn)
  if (!('values' in config.input)) drawNormal(input, draw, 'null input')
  const size = arm.dOut * dIn
  const query = { weight: drawLinear(size, dIn, draw, 'null W_query.weight'), bias: null }
  const key = { weight: drawLinear(size, dIn, draw, 'null W_key.weight'), bias: null }
  const projections = { query, key, value: key, output: null } // the values do not matter to the weights
  const { weights } = await run(selfAttention({ ...headsSize(config, arm, batch), projections, input }), {
    weights: true,
  })
  return [...averageSimilarity(weights!, batch), pairSimilarity(weights!, 0, 0, 1).pearson].map(valueOf)
}

/**
 * Every pair of heads on each of the first `batch` items, averaged; pairs without a value are left out. NaN for one
 * head.
 */
export function averageSimilarity(weights: AttentionMaps, batch: number): number[] {
  const sums = similarityMeasures.map(() => 0)
  const counts = similarityMeasures.map(() => 0)
  for (let item = 0; item < batch; item++) {
    for (let b = 1; b < weights.heads; b++) {
      for (let a = 0; a < b; a++) {
        const pair = pairSimilarity(weights, item, a, b)
        similarityMeasures.forEach((measure, i) => {
          if (Number.isNaN(pair[measure])) return
          sums[i]! += pair[measure]
          counts[i]! += 1
        })
      }
    }
  }
  return sums.map((sum, i) => sum / counts[i]!)
}
