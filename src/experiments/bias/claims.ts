import { estimateMean } from '../../statistics/intervals.ts'
import { difference } from '../compare.ts'
import { inputSize } from '../config.ts'
import { directionClaim, estimateWords } from '../judge.ts'
import type { Plan } from '../plan.ts'
import type { Claim, Invariant } from '../report.ts'
import { defined } from '../sample.ts'
import type { Sample } from '../sample.ts'
import { digits, percent } from '../words.ts'
import type { BiasConfig } from './config.ts'

/** The study's four claims on the bias. */
export function biasClaims(plan: Plan<BiasConfig>, sample: Sample, invariants: readonly Invariant[]): Claim[] {
  const { config } = plan
  const setting = { confidence: config.confidence, margin: config.margin, seqLen: inputSize(config.input).seqLen }
  return [
    directionClaim(
      { id: 'bias-more-uniform', statement: 'With bias attention is more uniform.', statistic: 'normalizedEntropy' },
      difference(plan, sample, 'qkv', 'none', 'normalizedEntropy'),
      setting,
      {
        quantity: 'the normalized entropy (1 is uniform)',
        where: 'with bias',
        otherwise: 'without',
        meaning: {
          supported: 'with bias attention is more uniform, as the study says',
          refuted: 'with bias attention is less uniform, the opposite of what the study says',
          not_distinguishable: 'the interval holds 0, so these seeds do not tell whether bias changes it',
        },
      },
    ),
    directionClaim(
      { id: 'no-bias-sharper-peaks', statement: 'Without bias attention has sharper peaks.', statistic: 'maxWeight' },
      difference(plan, sample, 'none', 'qkv', 'maxWeight'),
      setting,
      {
        quantity: 'the largest weight of a row',
        where: 'without bias',
        otherwise: 'with it',
        meaning: {
          supported: 'without bias the peaks are sharper, as the study says',
          refuted: 'without bias the peaks are flatter, the opposite of what the study says',
          not_distinguishable: 'the interval holds 0, so these seeds do not tell whether bias changes it',
        },
      },
    ),
    widerContext(plan, sample, setting),
    contentIndependentPrior(plan, sample, invariants),
  ]
}

function widerContext(plan: Plan<BiasConfig>, sample: Sample, setting: Parameters<typeof directionClaim>[2]): Claim {
  const claim = directionClaim(
    { id: 'bias-wider-context', statement: 'With bias context vectors span a wider range.', statistic: 'contextRange' },
    difference(plan, sample, 'qkv', 'none', 'contextRange'),
    setting,
    {
      quantity: 'the range of the context values (greatest minus least of a batch item)',
      where: 'with bias',
      otherwise: 'without',
      meaning: {
        supported: 'the range is wider, as the study says',
        refuted: 'the range is narrower, the opposite of what the study says',
        not_distinguishable: 'the interval holds 0, so these seeds do not tell whether bias changes it',
      },
    },
  )
  const query = difference(plan, sample, 'q', 'none', 'contextRange').mean
  if (query === null || claim.effect === null) return claim
  const source = `the query's bias alone changes it by ${digits(query)}, the key's by nothing, and the rest is the value's bias, which is added to every context vector and on which no weight depends`
  return { ...claim, evidence: `${claim.evidence.slice(0, -1)}; ${source}.`, details: { queryBiasAlone: query } }
}

function contentIndependentPrior(plan: Plan<BiasConfig>, sample: Sample, invariants: readonly Invariant[]): Claim {
  const { confidence } = plan.config
  const uniform = invariants.find(({ id }) => id === 'zero-input-is-uniform')!
  const share = estimateMean(defined(sample.of('qkv', 'keyPreferenceShare')), confidence)
  const what =
    share.mean === null
      ? ''
      : `; what bias does add, b_q . k_j, is a preference among keys that every query shares, ${estimateWords(share, confidence, percent)} of the variance of a row's scores, and it depends on what the keys hold`
  return {
    id: 'bias-content-independent-prior',
    statement: 'Bias adds a prior that does not depend on content.',
    verdict: uniform.holds ? 'refuted' : 'not_distinguishable',
    statistic: 'keyPreferenceShare',
    effect: share.mean,
    confidenceInterval: share.interval,
    evidence: uniform.holds
      ? `On an input of zeros every arm attends exactly uniformly (largest deviation ${digits(uniform.maxDeviation)}), whatever its biases, so nothing is added that content did not weigh${what}.`
      : `On an input of zeros an arm deviates from uniform by ${digits(uniform.maxDeviation)}, more than rounding explains: this run cannot be trusted.`,
    details: { zeroInputMaxDeviation: uniform.maxDeviation },
  }
}
