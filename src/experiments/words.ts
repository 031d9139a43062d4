import type { Interval } from '../statistics/intervals.ts'
import type { Value } from './plan.ts'

/** A number in a sentence: three digits, no more than its reader needs. */
export function digits(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e6) return value.toExponential(1)
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)))
}

export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`
}

/** "95 % interval 0.1 to 0.2". */
export function intervalWords(
  interval: Interval,
  confidence: number,
  shown: (value: number) => string = digits,
): string {
  return `${percent(confidence)} interval ${shown(interval[0])} to ${shown(interval[1])}`
}

export function seedWords(seeds: number): string {
  return seeds === 1 ? 'one seed' : `${seeds} seeds`
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Why there is no interval, as a sentence. */
export function withoutInterval(effect: Value, seeds: number, seqLen: number): string {
  if (effect === null) {
    return seqLen < 2
      ? 'At a sequence length of 1 there is no row that can attend to more than one key, so there is nothing to measure.'
      : 'It is not defined for these inputs, so nothing can be said.'
  }
  return `${capital(seedWords(seeds))} gives ${digits(effect)}, but one seed cannot tell an effect from chance.`
}
