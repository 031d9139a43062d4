import type { SeedValues } from '../../src/figures/index.ts'
import type { Claim, Comparison, Report, SimilarityReport } from '../../src/experiments/report.ts'

const engine = { name: 'direct', device: 'cpu', version: 'test' } as const
const notebook = { headCorrelation: 0.9567, headCorrelationPercentile: 0.5 } as Report['notebook']
const invariants = [
  {
    id: 'rows-sum-to-one',
    statement: 'The weights of every row sum to one.',
    maxDeviation: 1e-7,
    tolerance: 1e-6,
    holds: true,
  },
]

function claim(
  id: string,
  statement: string,
  verdict: Claim['verdict'],
  statistic: string,
  effect: number | null,
  interval: readonly [number, number] | null,
  evidence = 'One sentence of evidence.',
): Claim {
  return { id, statement, verdict, statistic, effect, confidenceInterval: interval, evidence }
}

function comparison(
  arm: string,
  baseline: string,
  statistic: string,
  mean: number | null,
  half: number | null,
  equalUpToRounding = false,
): Comparison {
  return {
    arm,
    baseline,
    statistic,
    meanDifference: mean,
    confidenceInterval: mean === null || half === null ? null : [mean - half, mean + half],
    method: half === null ? null : 't',
    effectSizeDz: mean === null ? null : 0.5,
    sharePositive: mean === null ? null : 0.4,
    seedsFor80PercentPower: 34,
    equalUpToRounding,
  }
}

function similarity(mean: number | null, half: number, nullMean: number | null, sd: number | null): SimilarityReport {
  return {
    mean,
    sd: 0.1,
    confidenceInterval: mean === null ? null : [mean - half, mean + half],
    method: mean === null ? null : 't',
    null: { draws: 1000, mean: nullMean, sd, percentile: mean === null ? null : 0.44 },
  }
}

export const biasReport: Report = {
  experiment: 'bias',
  config: { model: { dIn: 20, dOut: 16 }, confidence: 0.95, margin: 0.05 },
  unit: 'seed',
  seeds: { count: 400 },
  arms: [],
  comparisons: [
    comparison('q', 'none', 'normalizedEntropy', -0.00135, 0.0002),
    comparison('k', 'none', 'normalizedEntropy', 1e-10, 1e-10, true),
    comparison('qkv', 'none', 'normalizedEntropy', -0.00135, 0.0002),
    comparison('q', 'none', 'contextRange', 0.0007, 0.002),
    comparison('k', 'none', 'contextRange', 0, 0, true),
    comparison('qkv', 'none', 'contextRange', 0.062, 0.007),
  ],
  claims: [
    claim(
      'bias-more-uniform',
      'With bias attention is more uniform.',
      'refuted',
      'normalizedEntropy',
      -0.00135,
      [-0.00155, -0.00115],
      'Over 400 seeds the normalized entropy is on average 0.00135 lower with bias than without.',
    ),
    claim(
      'bias-wider-context',
      'With bias context vectors span a wider range.',
      'supported',
      'contextRange',
      0.062,
      [0.055, 0.069],
    ),
    claim(
      'no-bias-sharper-peaks',
      'Without bias attention has sharper peaks.',
      'not_distinguishable',
      'maxWeight',
      -0.0001,
      [-0.0004, 0.0002],
    ),
    claim(
      'bias-content-independent-prior',
      'Bias adds a prior that does not depend on content.',
      'refuted',
      'keyPreferenceShare',
      0.0495,
      [0.0473, 0.0517],
    ),
  ],
  invariants,
  notebook,
  cautions: [],
  engine,
}

export const headsReport: Report = {
  ...biasReport,
  experiment: 'heads',
  config: { model: { dIn: 4, dOut: 4, numHeads: [2, 4] }, confidence: 0.95, margin: 0.05 },
  comparisons: [
    comparison('heads-4', 'heads-2', 'effectiveRank', -0.67, 0.01),
    comparison('heads-4-head-dim-2', 'heads-2', 'effectiveRank', 0.001, 0.02),
    comparison('heads-4-head-dim-2', 'heads-4', 'effectiveRank', 0.67, 0.01),
  ],
  similarity: {
    pearson: similarity(0.938, 0.003, 0.938, 0.06),
    rowCenteredPearson: similarity(-0.002, 0.027, 0, 0.28),
    jsDivergence: similarity(0.027, 0.001, 0.03, 0.019),
  },
  claims: [
    claim(
      'heads-redundant',
      '2 heads correlate strongly, so they learn the same.',
      'refuted',
      'rowCenteredPearson',
      -0.002,
      [-0.029, 0.025],
    ),
    claim(
      'contexts-identical',
      'The context vectors of 2 and of 4 heads are practically identical.',
      'refuted',
      'contextDifference',
      0.112,
      [0.11, 0.114],
    ),
    claim(
      'more-heads-no-better',
      '4 heads of head_dim 1 are no better than 2 heads of head_dim 2.',
      'supported',
      'klFromUniform',
      -0.0013,
      [-0.0016, -0.001],
    ),
    claim(
      'small-head-dim-limits',
      'A small head_dim limits what a head can tell apart.',
      'supported',
      'effectiveRank',
      0.67,
      [0.66, 0.68],
    ),
  ],
}

/** One seed: effects without intervals. */
export const oneSeedReport: Report = {
  ...biasReport,
  seeds: { count: 1 },
  comparisons: biasReport.comparisons.map((one) => ({ ...one, confidenceInterval: null, method: null })),
  claims: biasReport.claims.map((one) => ({
    ...one,
    verdict: 'not_distinguishable' as const,
    confidenceInterval: null,
  })),
}

/** Sequences of one position: nothing is defined. */
export const onePositionReport: Report = {
  ...headsReport,
  comparisons: headsReport.comparisons.map((one) => ({ ...one, meanDifference: null, confidenceInterval: null })),
  similarity: {
    pearson: similarity(null, 0, null, null),
    rowCenteredPearson: similarity(null, 0, null, null),
    jsDivergence: similarity(null, 0, null, null),
  },
  claims: headsReport.claims.map((one) => ({
    ...one,
    verdict: 'not_distinguishable' as const,
    effect: null,
    confidenceInterval: null,
  })),
  invariants: [
    ...invariants,
    {
      id: 'no-future-weight',
      statement: 'No row puts any weight on a later key.',
      maxDeviation: 0.1,
      tolerance: 0,
      holds: false,
    },
  ],
  notebook: { ...notebook, headCorrelationPercentile: null },
}

/**
 * Values over seeds that look like some: the quantiles of a logistic distribution, another width and place for each arm
 * and statistic.
 */
export function someSeeds(count: number): SeedValues {
  return {
    of(arm, statistic) {
      const place = (arm.length * 7 + statistic.length) % 5
      return Float64Array.from({ length: count }, (_, seed) => {
        const quantile = (((seed * 37 + arm.length * 11) % count) + 0.5) / count
        return 0.01 * place + 0.004 * (1 + place) * Math.log(quantile / (1 - quantile))
      })
    },
  }
}
