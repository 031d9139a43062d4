import { rowStart } from '../../problem/broadcast.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { rowIndex } from '../../problem/visibility.ts'
import type { RowStatistics } from '../../statistics/row-statistics.ts'
import type { AttentionMaps } from '../../tensor/attention-maps.ts'
import { dotProduct } from './dot-product.ts'
import { mix, mixAround } from './mix.ts'
import type { DirectOperands } from './operands.ts'
import { adjustScores, fillHoles } from './row-scores.ts'

export interface AttendArrays {
  readonly operands: DirectOperands
  /** Null where they are not wanted. */
  readonly weights: AttentionMaps | null
  readonly scores: AttentionMaps | null
  /** (batch, queries, heads * valueDim) */
  readonly mixed: Float32Array
  readonly rows: RowStatistics
  /** (keys): the weights of the row at hand */
  readonly row: Float64Array
}

/** The rows from..to-1 of one item's head: scores, softmax, the row's statistics, dropout, values mixed. */
export function attend(
  problem: AttentionProblem,
  item: number,
  head: number,
  from: number,
  to: number,
  arrays: AttendArrays,
): void {
  const { operands, weights, scores, mixed, rows, row } = arrays
  const { queries, keys, values } = operands
  const { size, visibility, scoring, dropout } = problem
  const { scale, softCap, bias, slopes, sinks } = scoring
  const { heads, keyValueHeads, headDim, valueDim, queries: queryCount, keys: keyCount } = size
  const { first: firsts, end: ends, position: positions, allowed } = visibility
  const { sinkWeight: sinkWeights } = rows
  const keyHead = Math.floor((head * keyValueHeads) / heads)
  const queryStart = item * queries.at.itemStride + head * queries.at.headStride
  const keyStart = item * keys.at.itemStride + keyHead * keys.at.headStride
  const [queryStride, keyStride] = [queries.at.positionStride, keys.at.positionStride]
  const valueStart = values === null ? 0 : item * values.at.itemStride + keyHead * values.at.headStride
  const valueStride = values === null ? 0 : values.at.positionStride
  const adjusted = softCap !== null || bias !== null || slopes !== null || allowed !== null
  const sink = sinks === null ? -Infinity : sinks[head]!
  const map = item * heads + head
  const firstRow = rowIndex(visibility, item, head, 0)
  const maps = weights ?? scores
  let chunk = maps === null ? 0 : Math.floor(from / maps.rowsPerBlock) - 1
  let chunkEnd = from
  /** Where key 0 of the row at hand would be in the maps' block; keys are added to it. */
  let mapRow = 0
  let mapWidth = 0
  for (let query = from; query < to; query++, mapRow += mapWidth) {
    if (maps !== null && query === chunkEnd) {
      const { firstKey, width } = maps.blocks[++chunk]!
      const start = chunk * maps.rowsPerBlock
      chunkEnd = Math.min(queryCount, start + maps.rowsPerBlock)
      mapWidth = width
      mapRow = (map * (chunkEnd - start) + query - start) * width - firstKey
    }
    const first = firsts[firstRow + query]!
    const end = ends[firstRow + query]!
    const own = positions === null ? 0 : positions[firstRow + query]!
    const index = map * queryCount + query
    const mixedAt = ((item * queryCount + query) * heads + head) * valueDim
    if (first === end) {
      // A row that sees nothing: all its statistics are 0, and its context.
      if (sinkWeights !== null) sinkWeights[index] = 1
      if (values !== null) mixed.fill(0, mixedAt, mixedAt + valueDim)
      continue
    }
    const q = queryStart + query * queryStride
    let max = -Infinity
    let min = Infinity
    for (let key = first; key < end; key++) {
      const score = dotProduct(queries.data, q, keys.data, keyStart + key * keyStride, headDim) * scale
      row[key] = score
      if (score > max) max = score
      if (score < min) min = score
    }
    if (adjusted) {
      const place = { item, head, query, own, first, end }
      adjustScores(row, scoring, place)
      if (allowed !== null) fillHoles(row, allowed, place, NaN)
      max = -Infinity
      min = Infinity
      let seen = 0
      for (let key = first; key < end; key++) {
        const score = row[key]!
        if (score > max) max = score
        if (score < min) min = score
        if (score === score) seen++
      }
      if (seen < visibility.count[firstRow + query]!) max = Infinity // a visible score is not a number
      if (allowed !== null) fillHoles(row, allowed, place, -Infinity)
    }
    if (scores !== null) {
      const { data } = scores.blocks[chunk]!
      for (let key = first; key < end; key++) data[mapRow + key] = row[key]!
    }
    // One score that float32 cannot hold leaves the row without weights.
    const highest = Math.fround(max) === Infinity || Math.fround(min) === -Infinity ? NaN : max
    const shift = sink > highest ? sink : highest

    // With s = score - shift and p = e^s / Z, the entropy -sum p ln p is ln Z - sum p s: one logarithm a row.
    let total = 0
    let weighted = 0
    let moment = 0
    for (let key = first; key < end; key++) {
      const shifted = row[key]! - shift
      const power = Math.exp(shifted)
      row[key] = power
      total += power
      moment += power * (own - key)
      if (power > 0) weighted += power * shifted
    }
    if (sinkWeights !== null) {
      const power = Math.exp(sink - shift)
      total += power
      if (power > 0) weighted += power * (sink - shift)
      sinkWeights[index] = power / total
    }
    const inverse = 1 / total
    let sum = 0
    for (let key = first; key < end; key++) {
      const weight = Math.fround(row[key]! * inverse)
      row[key] = weight
      sum += weight
    }
    if (allowed !== null) {
      fillHoles(row, allowed, { item, head, query, own, first, end }, 0)
      if (sum !== sum) for (let key = first; key < end; key++) if (row[key] !== 0) sum = NaN
    }
    if (weights !== null) {
      const { data } = weights.blocks[chunk]!
      for (let key = first; key < end; key++) data[mapRow + key] = row[key]!
    }
    rows.entropy[index] = Math.log(total) - weighted * inverse
    rows.maxWeight[index] = sinks === null ? inverse : Math.exp(highest - shift) * inverse
    rows.sum[index] = sum
    rows.firstToken[index] = row[first]!
    if (positions !== null) {
      rows.distance[index] = moment * inverse
      rows.previousToken[index] = own > first && own <= end ? row[own - 1]! : 0
      rows.diagonal[index] = own >= first && own < end ? row[own]! : 0
    }

    if (values === null) continue
    if (dropout !== null) {
      const keepStart = index * keyCount
      for (let key = first; key < end; key++)
        row[key] = (row[key]! * dropout.keep[keepStart + key]!) / dropout.keepProbability
    }
    if (allowed === null) {
      mix(mixed, mixedAt, row, first, end, values.data, valueStart, valueStride, valueDim)
    } else {
      const start = rowStart(allowed, item, head, query)
      const isHole = (key: number): boolean => allowed.data[start + key * allowed.keyStride] === 0
      mixAround(isHole, mixed, mixedAt, row, first, end, values.data, valueStart, valueStride, valueDim)
    }
  }
}
