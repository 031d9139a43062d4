import type { RowStatistics } from '../../statistics/row-statistics.ts'

/** Where one map's rows lie: queries, keys and values stay in (batch, length, width), a head is a range of columns. */
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
  /** Null where no context is wanted. */
  readonly values: Float32Array | null
  /** (batch, heads, length, length), or null where they are not wanted */
  readonly weights: Float32Array | null
  readonly scores: Float32Array | null
  /** (batch, length, heads * headDim), written at the queries' places */
  readonly mixed: Float32Array
  readonly rows: RowStatistics
  /** (length): the weights of the row at hand */
  readonly row: Float64Array
}

/** The rows from..to-1 of one item's head: scores, softmax, the row's statistics, dropout, values mixed. */
export function attend(
  at: MapPlace,
  arrays: AttendArrays,
  from: number,
  to: number,
  length: number,
  headDim: number,
  scale: number,
  keep: Uint8Array | null,
  keepProbability: number,
): void {
  const { queryStart, queryStride, keyStart, keyStride, map } = at
  const { queries, keys, values, weights, scores, mixed, rows, row } = arrays
  for (let query = from; query < to; query++) {
    const q = queryStart + query * queryStride
    const start = (map * length + query) * length
    let max = -Infinity
    let min = Infinity
    for (let key = 0; key <= query; key++) {
      const k = keyStart + key * keyStride
      const score = dotProduct(queries, q, keys, k, headDim) * scale
      row[key] = score
      if (score > max) max = score
      if (score < min) min = score
    }
    // One score that float32 cannot hold leaves the row without weights.
    if (Math.fround(max) === Infinity || Math.fround(min) === -Infinity) max = NaN
    if (scores !== null) for (let key = 0; key <= query; key++) scores[start + key] = row[key]!

    // With s = score - max and p = e^s / Z, the entropy -sum p ln p is ln Z - sum p s: one logarithm a row.
    let total = 0
    let weighted = 0
    let moment = 0
    for (let key = 0; key <= query; key++) {
      const shifted = row[key]! - max
      const power = Math.exp(shifted)
      row[key] = power
      total += power
      moment += power * (query - key)
      if (power > 0) weighted += power * shifted
    }
    const inverse = 1 / total
    let sum = 0
    for (let key = 0; key <= query; key++) {
      const weight = Math.fround(row[key]! * inverse)
      row[key] = weight
      sum += weight
    }
    if (weights !== null) for (let key = 0; key <= query; key++) weights[start + key] = row[key]!
    const index = map * length + query
    rows.entropy[index] = Math.log(total) - weighted * inverse
    rows.maxWeight[index] = inverse
    rows.distance[index] = moment * inverse
    rows.sum[index] = sum
    rows.previousToken[index] = query > 0 ? row[query - 1]! : 0
    rows.firstToken[index] = row[0]!
    rows.diagonal[index] = row[query]!

    if (values === null) continue
    if (keep !== null)
      for (let key = 0; key <= query; key++) row[key] = (row[key]! * keep[start + key]!) / keepProbability
    mix(mixed, q, row, query + 1, values, keyStart, keyStride, headDim)
  }
}

/** Four sums are under way at once, so that none waits for the one before. */
function dotProduct(queries: Float32Array, q: number, keys: Float32Array, k: number, headDim: number): number {
  const whole = headDim - (headDim % 4)
  let a = 0,
    b = 0,
    c = 0,
    e = 0
  for (let d = 0; d < whole; d += 4) {
    a += queries[q + d]! * keys[k + d]!
    b += queries[q + d + 1]! * keys[k + d + 1]!
    c += queries[q + d + 2]! * keys[k + d + 2]!
    e += queries[q + d + 3]! * keys[k + d + 3]!
  }
  for (let d = whole; d < headDim; d++) a += queries[q + d]! * keys[k + d]!
  return a + b + (c + e)
}

/** The values of the keys 0..count-1, weighed by `row`, four columns at a time. */
function mix(
  into: Float32Array,
  at: number,
  row: Float64Array,
  count: number,
  values: Float32Array,
  start: number,
  stride: number,
  headDim: number,
): void {
  const whole = headDim - (headDim % 4)
  for (let d = 0; d < whole; d += 4) {
    let a = 0,
      b = 0,
      c = 0,
      e = 0
    for (let key = 0, v = start + d; key < count; key++, v += stride) {
      const weight = row[key]!
      a += weight * values[v]!
      b += weight * values[v + 1]!
      c += weight * values[v + 2]!
      e += weight * values[v + 3]!
    }
    into[at + d] = a
    into[at + d + 1] = b
    into[at + d + 2] = c
    into[at + d + 3] = e
  }
  for (let d = whole; d < headDim; d++) {
    let sum = 0
    for (let key = 0, v = start + d; key < count; key++, v += stride) sum += row[key]! * values[v]!
    into[at + d] = sum
  }
}
