import { spreadOf, type Spread } from './spread.ts'
import type { Side } from './sides.ts'

export interface Comparison {
  readonly ours: Spread
  readonly peer: Spread
  /** How many times ahead we are: of the medians, and the least and greatest of a round. */
  readonly ratio: Spread
}

/** Blocks of the two sides in turn, A B A B, so that both meet the same weather; the first round warms up and is not counted. */
export async function compare(ours: Side, peer: Side, higherIsBetter: boolean, rounds: number, seconds: number): Promise<Comparison> {
  const a: number[] = []
  const b: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const [first, second] = [await ours.block(seconds), await peer.block(seconds)]
    if (round === 0) continue
    a.push(first)
    b.push(second)
  }
  const ahead = (x: number, y: number): number => (higherIsBetter ? x / y : y / x)
  const perRound = spreadOf(a.map((value, round) => ahead(value, b[round]!)))
  const [oursSpread, peerSpread] = [spreadOf(a), spreadOf(b)]
  return { ours: oursSpread, peer: peerSpread, ratio: { ...perRound, median: ahead(oursSpread.median, peerSpread.median) } }
}
