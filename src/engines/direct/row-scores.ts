import { rowStart } from '../../problem/broadcast.ts'
import type { Broadcast } from '../../problem/broadcast.ts'
import type { Scoring } from '../../problem/scoring.ts'

/** Which row it is: what its scores may depend on beside the products. */
export interface RowPlace {
  readonly item: number
  readonly head: number
  readonly query: number
  /** The query's own position; 0 where it has none, and then nothing depends on it. */
  readonly own: number
  /** The keys that it sees lie in first..end-1. */
  readonly first: number
  readonly end: number
}

/** Soft cap, then bias and slopes, on scaled products row[first..end-1], in place. */
export function adjustScores(row: Float64Array, { softCap, bias, slopes }: Scoring, place: RowPlace): void {
  const { item, head, query, own, first, end } = place
  if (softCap !== null) for (let key = first; key < end; key++) row[key] = softCap * Math.tanh(row[key]! / softCap)
  if (bias !== null) {
    const start = rowStart(bias, item, head, query)
    for (let key = first; key < end; key++) row[key]! += bias.data[start + key * bias.keyStride]!
  }
  if (slopes !== null) {
    const slope = slopes[head]!
    for (let key = first; key < end; key++) row[key]! -= slope * (own - key)
  }
}

/** Puts `value` at the holes of a row. */
export function fillHoles(row: Float64Array, allowed: Broadcast<Uint8Array>, place: RowPlace, value: number): void {
  const start = rowStart(allowed, place.item, place.head, place.query)
  for (let key = place.first; key < place.end; key++) {
    if (allowed.data[start + key * allowed.keyStride] === 0) row[key] = value
  }
}
