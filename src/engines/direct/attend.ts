import { fillRow } from '../../statistics/row-statistics.ts'
import type { RowStatistics } from '../../statistics/row-statistics.ts'

/** Where one map's rows lie: queries, keys and values stay in (batch, seqLen, width), a head is a range of columns. */
export interface MapPlace {
  /** Start of the item's first row in queries, and its row stride. */
  readonly queryStart: number
  readonly queryStride: number
  readonly keyStart: number
  readonly keyStride: number
  /** Index of the map in (batch, heads). */
  readonly map: number
}

export interface AttendArrays {
  readonly queries: Float32Array
  readonly keys: Float32Array
  readonly values: Float32Array
  /** (batch, heads, seqLen, seqLen) */
  readonly weights: Float32Array
  readonly scores: Float32Array | null
  /** (batch, seqLen, heads * headDim), written at the queries' places */
  readonly mixed: Float32Array
  readonly rows: RowStatistics
}

/** One item's head, row by row: scores, softmax, dropout, values mixed, the row's statistics. */
export function attend(at: MapPlace, arrays: AttendArrays, seqLen: number, headDim: number, scale: number, keep: Uint8Array | null, keepProbability: number): void {
  const { queries, keys, values, weights, scores, mixed, rows } = arrays
  for (let query = 0; query < seqLen; query++) {
    const q = at.queryStart + query * at.queryStride
    const row = (at.map * seqLen + query) * seqLen
    let max = -Infinity
    for (let key = 0; key <= query; key++) {
      const k = at.keyStart + key * at.keyStride
      let dot = 0
      for (let d = 0; d < headDim; d++) dot += queries[q + d]! * keys[k + d]!
      const score = dot * scale
      weights[row + key] = score
      if (scores !== null) scores[row + key] = score
      if (score > max) max = score
    }
    let sum = 0
    for (let key = 0; key <= query; key++) sum += weights[row + key] = Math.exp(weights[row + key]! - max)
    const inverse = 1 / sum
    for (let key = 0; key <= query; key++) weights[row + key]! *= inverse
    fillRow(rows, at.map * seqLen + query, query, weights, row)
    for (let key = 0; key <= query; key++) {
      if (keep !== null && keep[row + key] === 0) continue
      const weight = keep === null ? weights[row + key]! : weights[row + key]! / keepProbability
      const v = at.keyStart + key * at.keyStride
      for (let d = 0; d < headDim; d++) mixed[q + d]! += weight * values[v + d]!
    }
  }
}
