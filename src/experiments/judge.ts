import type { Estimate, Interval } from '../statistics/intervals.ts'
import type { PairedDifference } from '../statistics/paired.ts'
import type { Claim, Verdict } from './report.ts'
import { digits, intervalWords, percent, seedWords, withoutInterval } from './words.ts'

/** What every claim of a run is judged with. */
export interface Setting {
  readonly confidence: number
  readonly margin: number
  readonly seqLen: number
}

/** `supported` where the whole interval is on the claim's side, `refuted` where it is on the other, else neither. */
export function verdictOf(
  interval: Interval | null,
  supports: (low: number, high: number) => boolean,
  refutes: (low: number, high: number) => boolean,
): Verdict {
  if (interval === null) return 'not_distinguishable'
  const [low, high] = interval
  return supports(low, high) ? 'supported' : refutes(low, high) ? 'refuted' : 'not_distinguishable'
}

/** A claim that a paired difference is above 0. `words`: what is compared, as a sentence's parts. */
export function directionClaim(
  claim: { id: string; statement: string; statistic: string },
  difference: PairedDifference,
  setting: Setting,
  words: { quantity: string; where: string; otherwise: string; meaning: Readonly<Record<Verdict, string>> },
): Claim {
  const { mean, interval, count, sharePositive } = difference
  const head = { ...claim, effect: mean, confidenceInterval: interval }
  if (interval === null || mean === null) {
    return { ...head, verdict: 'not_distinguishable', evidence: withoutInterval(mean, count, setting.seqLen) }
  }
  if (difference.equalUpToRounding) {
    const evidence = `Over ${seedWords(count)} ${words.quantity} is the same ${words.where} as ${words.otherwise}, up to the rounding of float32: there is no difference to judge.`
    return { ...head, verdict: 'not_distinguishable', evidence }
  }
  const verdict = verdictOf(
    interval,
    (low) => low > 0,
    (_, high) => high < 0,
  )
  const change = mean < 0 ? `${digits(-mean)} lower` : `${digits(mean)} higher`
  const share = sharePositive === null ? '' : `, higher in ${percent(sharePositive)} of seeds`
  const evidence =
    `Over ${seedWords(count)} ${words.quantity} is on average ${change} ${words.where} than ${words.otherwise} ` +
    `(difference ${digits(mean)}, ${intervalWords(interval, setting.confidence)}${share}): ${words.meaning[verdict]}.`
  return { ...head, verdict, evidence }
}

/** An estimate in a sentence: "0.112 (95 % interval 0.11 to 0.114)". */
export function estimateWords(
  { mean, interval }: Estimate,
  confidence: number,
  shown: (value: number) => string = digits,
): string {
  if (mean === null) return 'not defined'
  return interval === null ? shown(mean) : `${shown(mean)} (${intervalWords(interval, confidence, shown)})`
}
