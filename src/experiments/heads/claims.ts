import { estimateMean } from '../../statistics/intervals.ts'
import { difference } from '../compare.ts'
import { inputSize } from '../config.ts'
import { directionClaim, estimateWords, verdictOf } from '../judge.ts'
import type { Setting } from '../judge.ts'
import type { NotebookRun } from '../notebook.ts'
import type { Plan } from '../plan.ts'
import type { Claim, SimilarityReport, Verdict } from '../report.ts'
import { defined } from '../sample.ts'
import type { Sample } from '../sample.ts'
import { digits, intervalWords, percent, seedWords, withoutInterval } from '../words.ts'
import { similarityArm } from './arms.ts'
import type { HeadsConfig } from './config.ts'

/** The study's four claims on heads. They compare the list's first with its last number of heads at fixed d_out. */
export function headsClaims(
  plan: Plan<HeadsConfig>,
  sample: Sample,
  similarity: Readonly<Record<string, SimilarityReport>>,
): Claim[] {
  const { config } = plan
  const { notebook } = sample
  const setting = { confidence: config.confidence, margin: config.margin, seqLen: inputSize(config.input).seqLen }
  return [
    redundant(config, sample, setting, similarity, notebook),
    contextsIdentical(config, sample, setting, notebook),
    noBetter(plan, sample, setting),
    smallHeadDim(plan, sample, setting),
  ]
}

function redundant(
  config: HeadsConfig,
  sample: Sample,
  setting: Setting,
  similarity: Readonly<Record<string, SimilarityReport>>,
  notebook: NotebookRun,
): Claim {
  const { name, numHeads } = similarityArm(config)
  const { margin, confidence } = setting
  const centered = estimateMean(defined(sample.of(name, 'rowCenteredPearson')), confidence)
  const { mean, interval, count } = centered
  const pearson = similarity.pearson!
  const verdict = verdictOf(
    interval,
    (low) => low > margin,
    (low, high) => low > -margin && high < margin,
  )
  const meaning: Record<Verdict, string> = {
    supported: `above the margin of ${digits(margin)}, so heads do attend alike`,
    refuted: `within ${digits(margin)} of 0, so on average one head says nothing about the other`,
    not_distinguishable: `neither within ${digits(margin)} of 0 nor above it, so these seeds do not tell`,
  }
  const full =
    pearson.mean === null || pearson.null.mean === null
      ? ''
      : `; the full maps correlate at ${digits(pearson.mean)}, but so do maps of heads drawn independently (${digits(pearson.null.mean)}, sd ${digits(pearson.null.sd ?? 0)}), because all share their zeros and their row profile, and the study's ${digits(notebook.headCorrelation ?? NaN)} is one such value`
  return {
    id: 'heads-redundant',
    statement: `${numHeads} heads correlate strongly, so they learn the same.`,
    verdict,
    statistic: 'rowCenteredPearson',
    effect: mean,
    confidenceInterval: interval,
    evidence:
      interval === null
        ? withoutInterval(mean, count, setting.seqLen)
        : `Over ${seedWords(count)} the row-centered correlation of two heads is ${estimateWords(centered, confidence)}: ${meaning[verdict]}${full}.`,
    details: { pearson: pearson.mean, pearsonNull: pearson.null.mean, pearsonPercentile: pearson.null.percentile },
  }
}

function contextsIdentical(config: HeadsConfig, sample: Sample, setting: Setting, notebook: NotebookRun): Claim {
  const [first, last] = firstAndLast(config)
  const { margin, confidence } = setting
  const estimate = estimateMean(defined(sample.of(`heads-${last}`, 'contextDifference')), confidence)
  const { mean, interval, count } = estimate
  const verdict = verdictOf(
    interval,
    (_, high) => high < margin,
    (low) => low > margin,
  )
  const fromUniform = [first, last].map(
    (heads) => estimateMean(defined(sample.of(`heads-${heads}`, 'contextFromUniform')), confidence).mean,
  )
  const meaning: Record<Verdict, string> = {
    supported: `below the margin of ${percent(margin)}`,
    refuted: `above the margin of ${percent(margin)}, so they are not identical`,
    not_distinguishable: `the margin of ${percent(margin)} lies within the interval, so these seeds do not tell`,
  }
  const [a, b] = fromUniform
  const beside =
    a == null || b == null
      ? ''
      : `; they look alike because both are near what uniform attention gives, ${percent(a)} and ${percent(b)} away from it, and in the study's own run they differ by ${percent(notebook.contextDifference ?? NaN)}, over the whole batch by ${percent(notebook.contextDifferenceWholeBatch ?? NaN)}`
  return {
    id: 'contexts-identical',
    statement: `The context vectors of ${first} and of ${last} heads are practically identical.`,
    verdict,
    statistic: 'contextDifference',
    effect: mean,
    confidenceInterval: interval,
    evidence:
      interval === null || mean === null
        ? withoutInterval(mean, count, setting.seqLen)
        : `Over ${seedWords(count)} the contexts differ by ${percent(mean)} of their norm (${intervalWords(interval, confidence, percent)}): ${meaning[verdict]}${beside}.`,
    details: { [`heads${first}FromUniform`]: a ?? null, [`heads${last}FromUniform`]: b ?? null },
  }
}

function noBetter(plan: Plan<HeadsConfig>, sample: Sample, setting: Setting): Claim {
  const { config } = plan
  const [few, many] = firstAndLast(config).toSorted((a, b) => a - b) as [number, number]
  const change = difference(plan, sample, `heads-${many}`, `heads-${few}`, 'klFromUniform')
  const { mean, interval, count } = change
  const verdict = change.equalUpToRounding
    ? 'supported'
    : verdictOf(
        interval,
        (_, high) => high <= 0,
        (low) => low > 0,
      )
  const meaning: Record<Verdict, string> = {
    supported: 'more, narrower heads are no further from uniform attention, as the study says',
    refuted: 'more, narrower heads are further from uniform attention, so they do tell keys apart better',
    not_distinguishable: 'the interval reaches above 0, so these seeds do not rule out that more heads are better',
  }
  const dims = (heads: number): string =>
    `${heads === 1 ? '1 head' : `${heads} heads`} of head_dim ${config.dOut / heads}`
  return {
    id: 'more-heads-no-better',
    statement: `${dims(many)} are no better than ${dims(few)}.`,
    verdict,
    statistic: 'klFromUniform',
    effect: mean,
    confidenceInterval: interval,
    evidence:
      interval === null || mean === null
        ? withoutInterval(mean, count, setting.seqLen)
        : `Over ${seedWords(count)} the distance from uniform attention (Kullback-Leibler, nats) of ${dims(many)} minus that of ${dims(few)} is ${estimateWords(change, setting.confidence)}: ${meaning[verdict]}.`,
  }
}

function smallHeadDim(plan: Plan<HeadsConfig>, sample: Sample, setting: Setting): Claim {
  const { config } = plan
  const [few, many] = firstAndLast(config).toSorted((a, b) => a - b) as [number, number]
  const small = config.dOut / many
  return directionClaim(
    {
      id: 'small-head-dim-limits',
      statement: 'A small head_dim limits what a head can tell apart.',
      statistic: 'effectiveRank',
    },
    difference(plan, sample, `heads-${few}`, `heads-${many}`, 'effectiveRank'),
    setting,
    {
      quantity: 'the effective rank of the scores QK^T',
      where: `at head_dim ${config.dOut / few}`,
      otherwise: `at ${small}`,
      meaning: {
        supported: `a head of head_dim ${small} scores keys along fewer directions, as the study says`,
        refuted: `a head of head_dim ${small} scores keys along more directions, the opposite of what the study says`,
        not_distinguishable: 'the interval holds 0, so these seeds do not tell',
      },
    },
  )
}

function firstAndLast({ numHeads }: HeadsConfig): [number, number] {
  return [numHeads[0]!, numHeads.at(-1)!]
}
