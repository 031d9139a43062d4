import { Mt19937 } from '../../random/mt19937.ts'
import type { AttentionResult } from '../../attention/result.ts'
import { estimateMean } from '../../statistics/intervals.ts'
import type { Estimate } from '../../statistics/intervals.ts'
import { tokenPatterns, uniformTokenPatterns } from '../../statistics/token-patterns.ts'
import type { Repeats } from '../../statistics/token-patterns.ts'

/** What a head may be known by on random tokens that are repeated once. */
export const headPatterns = [
  { name: 'previousToken', onTheWire: 'previous_token' },
  { name: 'induction', onTheWire: 'induction' },
  { name: 'duplicateToken', onTheWire: 'duplicate_token' },
  { name: 'firstToken', onTheWire: 'first_token' },
] as const
export type HeadPattern = (typeof headPatterns)[number]['name']
type OfPatterns<Value> = Readonly<Record<HeadPattern, Value>>

/** A head has a label where its interval's lower end is both: above the baseline so many times, and so much weight. */
export const labelRule = { timesUniform: 4, leastWeight: 0.25 } as const

/**
 * Random sequences of `length` different tokens of `vocabulary`, each repeated once. They are drawn one after the
 * other, so that more sequences of one seed begin with those of fewer.
 */
export function repeatedSequences(
  vocabulary: readonly number[],
  count: number,
  length: number,
  seed: number,
): number[][] {
  const generator = new Mt19937(seed)
  const tokens = [...vocabulary]
  return Array.from({ length: count }, () => {
    // The first steps of a Fisher-Yates shuffle.
    for (let i = 0; i < length; i++) {
      const other = i + Math.floor((generator.next() / 2 ** 32) * (tokens.length - i))
      ;[tokens[i], tokens[other]] = [tokens[other]!, tokens[i]!]
    }
    const once = tokens.slice(0, length)
    return [...once, ...once]
  })
}

/** The patterns of every head of a layer, of one sequence, and what equal weights have on the same rows. */
export interface LayerPatterns {
  readonly heads: readonly OfPatterns<number | null>[]
  readonly uniform: OfPatterns<number | null>
}

/** Of a result that has a summary and weights. */
export function layerPatterns({ size, output, summary }: AttentionResult, repeats: Repeats): LayerPatterns {
  const { weights, uniform } = summary!
  return {
    heads: Array.from({ length: size.heads }, (_, head) => ({
      previousToken: weights.previousToken[head]!,
      firstToken: weights.firstToken[head]!,
      ...tokenPatterns(output.weights!, 0, head, repeats),
    })),
    uniform: {
      previousToken: uniform.previousToken,
      firstToken: uniform.firstToken,
      ...uniformTokenPatterns(output.weights!, 0, 0, repeats),
    },
  }
}

/** One head over all sequences. */
export interface ProbedHead {
  readonly estimates: OfPatterns<Estimate>
  /** The pattern that the head follows, the heaviest where it follows several; null where it follows none. */
  readonly label: HeadPattern | null
}

/** Each head of a layer by its patterns of every sequence; the baselines are those of the first, as of all. */
export function probedHeads(
  sequences: readonly LayerPatterns[],
  confidence: number,
  seed: number,
): { readonly heads: readonly ProbedHead[]; readonly uniform: OfPatterns<number | null> } {
  const { heads, uniform } = sequences[0]!
  return {
    uniform,
    heads: heads.map((_, head) => {
      const estimateOf = (name: HeadPattern): Estimate => {
        const values = sequences.map((sequence) => sequence.heads[head]![name]).filter((value) => value !== null)
        return estimateMean(values, confidence, seed)
      }
      const estimates = {
        previousToken: estimateOf('previousToken'),
        induction: estimateOf('induction'),
        duplicateToken: estimateOf('duplicateToken'),
        firstToken: estimateOf('firstToken'),
      }
      return { estimates, label: labelOf(estimates, uniform) }
    }),
  }
}

export function labelOf(estimates: OfPatterns<Estimate>, uniform: OfPatterns<number | null>): HeadPattern | null {
  let label: HeadPattern | null = null
  for (const { name } of headPatterns) {
    const { interval, mean } = estimates[name]
    const baseline = uniform[name]
    if (interval === null || baseline === null) continue
    const [low] = interval
    if (low < labelRule.leastWeight || low < labelRule.timesUniform * baseline) continue
    if (label === null || mean! > estimates[label].mean!) label = name
  }
  return label
}
