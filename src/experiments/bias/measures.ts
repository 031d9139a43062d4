import type { AttentionOutput } from '../../engines/engine.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { ArmRuns } from './arms.ts'
import {
  averageContextRange,
  averageMapStatistics,
  deviationFromUniform,
  largestFutureWeight,
  largestRowSumError,
  largestScore,
  largestWeightDifference,
  rowSumScale,
} from '../measures.ts'

/**
 * A bias seed's row: of every arm the map statistics, the context's range and the share of the key preference; then a
 * deviation and a scale of each invariant. The last item of the batch is the input of zeros.
 */
export function biasMeasures(
  output: AttentionOutput,
  { heads, places, full, queryAlone }: ArmRuns,
  batch: number,
): number[] {
  const { weights, scores } = output
  const maps = heads.map((_, head) => averageMapStatistics(output.rowStatistics!, batch, head))
  const shares = heads.map(({ arm, model }, head) =>
    arm.startsWith('q') ? keyPreferenceShare(output, head, model.query.bias!, batch) : 0,
  )
  const ranges = heads.map((_, head) => averageContextRange(output.context, batch, head, heads.length))
  const values: number[] = []
  for (const { head, shift } of places) {
    const range = shift === null ? ranges[head]! : averageContextRange(output.context, batch, head, heads.length, shift)
    values.push(...maps[head]!, range, shares[head]!)
  }
  const [deviation, magnitude] = contextShift(output.context, full, queryAlone, heads[full]!.model.value.bias!)
  values.push(
    largestWeightDifference(weights!, full, queryAlone),
    largestScore(scores!),
    deviation,
    magnitude,
    deviationFromUniform(weights!, batch),
    1,
    largestRowSumError(output),
    rowSumScale(scores!.keys),
    largestFutureWeight(output),
    1,
  )
  return values
}

/**
 * How much of a head's scores b_q . k_j makes, a preference among keys that every query shares: its variance over its
 * own and that of the rest of the scores, 0 to 1. Both are within rows, over the keys that a row sees, since softmax
 * ignores what is constant in a row; summed over rows i >= 1 of the first `batch` items. NaN where the scores do not
 * vary. scores (items, heads, T, T), scaled; keys (items, heads, T, headDim); queryBias (headDim)
 */
function keyPreferenceShare(output: AttentionOutput, head: number, queryBias: Float32Array, batch: number): number {
  const scores = output.scores!
  const keys = output.keys!.data
  const { queries, keys: length } = scores
  const headDim = queryBias.length
  const scale = 1 / Math.sqrt(headDim)
  const preference = new Float64Array(length)
  const rest = new Float64Array(length)
  let ofPreference = 0
  let ofRest = 0
  for (let item = 0; item < batch; item++) {
    for (let key = 0; key < length; key++) {
      let dot = 0
      const at = ((item * scores.heads + head) * length + key) * headDim
      for (let d = 0; d < headDim; d++) dot += queryBias[d]! * keys[at + d]!
      preference[key] = dot * scale
    }
    for (let query = 1; query < queries; query++) {
      const { data, offset } = scores.locate(item, head, query)
      for (let key = 0; key <= query; key++) rest[key] = data[offset + key]! - preference[key]!
      ofPreference += squaredDeviations(preference, query + 1)
      ofRest += squaredDeviations(rest, query + 1)
    }
  }
  return ofPreference / (ofPreference + ofRest)
}

/** Sum of the first `count` values' squared deviations from their mean. */
function squaredDeviations(values: Float64Array, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[i]!
  const mean = sum / count
  let squares = 0
  for (let i = 0; i < count; i++) squares += (values[i]! - mean) ** 2
  return squares
}

/**
 * Greatest |context with b_v - context without - b_v| of two heads side by side, and the greatest magnitude of theirs.
 */
function contextShift(
  context: Tensor,
  withBias: number,
  without: number,
  bias: Float32Array,
): [deviation: number, magnitude: number] {
  const width = context.shape[2]!
  const headDim = bias.length
  let deviation = 0
  let magnitude = 0
  for (let position = 0; position < context.data.length; position += width) {
    for (let d = 0; d < headDim; d++) {
      const a = context.data[position + withBias * headDim + d]!
      const b = context.data[position + without * headDim + d]!
      deviation = Math.max(deviation, Math.abs(a - b - bias[d]!))
      magnitude = Math.max(magnitude, Math.abs(a), Math.abs(b))
    }
  }
  return [deviation, magnitude]
}
