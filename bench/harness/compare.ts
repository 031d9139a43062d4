import { spreadOf, type Spread } from './spread.ts'
import type { Side } from './sides.ts'

export interface Comparison {
  readonly ours: Spread
  readonly others: readonly Other[]
}

/**
 * A side that ours is compared with, and how many times ahead ours is: of the medians, and the least and greatest of a
 * round.
 */
export interface Other {
  readonly spread: Spread
  readonly ahead: Spread
}

/**
 * Blocks of the sides in turn, A B C A B C, so that all meet the same weather; the first round warms up and is not
 * counted.
 */
export async function compare(
  ours: Side,
  others: readonly Side[],
  higherIsBetter: boolean,
  rounds: number,
  seconds: number,
): Promise<Comparison> {
  const sides = [ours, ...others]
  const blocks: number[][] = sides.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, side] of sides.entries()) {
      const block = await side.block(seconds)
      if (round > 0) blocks[i]!.push(block)
    }
  }
  const ahead = (x: number, y: number): number => (higherIsBetter ? x / y : y / x)
  const [first, ...rest] = blocks as [number[], ...number[][]]
  const spread = spreadOf(first)
  return {
    ours: spread,
    others: rest.map((values) => {
      const other = spreadOf(values)
      const perRound = spreadOf(first.map((value, round) => ahead(value, values[round]!)))
      return { spread: other, ahead: { ...perRound, median: ahead(spread.median, other.median) } }
    }),
  }
}
