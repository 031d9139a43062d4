import type * as TensorFlow from '@tensorflow/tfjs-node-gpu'
import { guardedMix, guardedSoftmax } from './guarded.ts'
import type { GuardedRows } from './guarded.ts'
import type { Tf } from './load.ts'

/** What a block reads; `maps` are heads of items, one after the other. All on the device. */
export interface BlockInput {
  /** (maps, rows, headDim), scaled; the block's own rows */
  readonly queries: TensorFlow.Tensor3D
  /** (maps, keys, headDim): the keys 0..keys-1, the last of which is the last row's own position */
  readonly keys: TensorFlow.Tensor3D
  /** Null where no context is wanted. */
  readonly values: TensorFlow.Tensor3D | null
  /** (maps, rows, keys) of 0 and 1, or null; and what kept weights are divided by */
  readonly keep: TensorFlow.Tensor3D | null
  readonly keepProbability: number
  /** Whether scores or values may be too large for float32, or scores further apart than it can say. */
  readonly guarded: boolean
}

export interface BlockOutput {
  /** (maps, rows, headDim), where there are values */
  readonly context: TensorFlow.Tensor3D | null
  /** (maps, rows, keys), before dropout */
  readonly weights: TensorFlow.Tensor3D
  /** (maps, rows, keys), the future's scores among them */
  readonly scores: TensorFlow.Tensor3D
  /** (statisticNames.length, maps, rows) */
  readonly statistics: TensorFlow.Tensor3D
}

/**
 * The rows of a block's statistics; `reach` and `logit` are raw sums that `fill-statistics.ts` turns into what is asked
 * for.
 */
export const statisticNames = [
  'diagonal',
  'previousToken',
  'firstToken',
  'maxWeight',
  'logit',
  'reach',
  'sum',
  'future',
] as const

/**
 * Scores, softmax, values mixed and the rows' sums, of query rows keys-rows..keys-1.
 * Where scores and values are known to be moderate a block is not guarded, which would take longer.
 */
export function attendBlock(
  tf: Tf,
  { queries, keys, values, keep, keepProbability, guarded }: BlockInput,
): BlockOutput {
  const [maps, rows] = queries.shape
  const count = keys.shape[1]
  const first = count - rows
  const scores = tf.matMul<TensorFlow.Tensor3D>(queries, keys, false, true) //               (maps, rows, count)
  const hidden = futureOf(tf, rows, count)
  const { weights, logit, maxWeight } = guarded ? guardedSoftmax(tf, scores, hidden) : plainSoftmax(tf, scores, hidden)

  // A column beside the values: distance back from the block's last position.
  const distances = tf.reshape(tf.range(count - 1, -1, -1), [1, count, 1])
  const column = tf.tile(distances as TensorFlow.Tensor3D, [maps, 1, 1]) //                   (maps, count, 1)
  let context: TensorFlow.Tensor3D | null = null
  let reach: TensorFlow.Tensor3D
  if (values === null) {
    reach = tf.matMul<TensorFlow.Tensor3D>(weights, column)
  } else if (guarded) {
    const kept = keep === null ? weights : tf.mul<TensorFlow.Tensor3D>(weights, keep)
    context = tf.div<TensorFlow.Tensor3D>(guardedMix(tf, kept, values, hidden), keepProbability)
    reach = tf.matMul(weights, column)
  } else if (keep === null) {
    const headDim = values.shape[2]
    const mixed = tf.matMul<TensorFlow.Tensor3D>(weights, tf.concat([values, column], 2))
    context = tf.slice(mixed, [0, 0, 0], [-1, -1, headDim])
    reach = tf.slice(mixed, [0, 0, headDim], [-1, -1, 1])
  } else {
    context = tf.div<TensorFlow.Tensor3D>(
      tf.matMul<TensorFlow.Tensor3D>(tf.mul(weights, keep), values),
      keepProbability,
    )
    reach = tf.matMul(weights, column)
  }
  const sum = tf.sum(weights, -1) // by a tree of sums, far nearer than a product with ones
  const own = tf.slice(weights, [0, 0, first], [-1, -1, rows]) //              (maps, rows, rows)
  const future = tf.max(tf.where(tf.slice(hidden, [0, first], [-1, rows]), own, 0), -1)
  const picked: TensorFlow.Tensor = tf.gather(
    tf.reshape(weights, [maps, rows * count]),
    pickIndices(tf, rows, count),
    1,
  ) // (maps, 3 * rows)
  const statistics = tf.concat(
    [
      tf.transpose(tf.reshape(picked, [maps, 3, rows]), [1, 0, 2]),
      tf.stack([maxWeight, logit, tf.squeeze(reach, [2]), sum, future]),
    ],
    0,
  ) as TensorFlow.Tensor3D
  return { context, weights, scores, statistics }
}

/**
 * Softmax of scores that are moderate: a hidden key's plus -Infinity is -Infinity, and itself less the row's greatest is
 * a number, which its weight, 0, makes nothing of.
 */
function plainSoftmax(tf: Tf, scores: TensorFlow.Tensor3D, hidden: TensorFlow.Tensor): GuardedRows {
  const causal = tf.add<TensorFlow.Tensor3D>(scores, tf.where(hidden, -Infinity, 0))
  const weights = tf.softmax(causal)
  // Entropy without a logarithm over the matrix.
  const logit = tf.sum(tf.mul(weights, tf.sub(scores, tf.max(causal, -1, true))), -1)
  return { weights, logit, maxWeight: tf.max(weights, -1) }
}

/** (rows, count): whether a key lies in a row's future. */
function futureOf(tf: Tf, rows: number, count: number): TensorFlow.Tensor {
  const query = tf.expandDims(tf.range(count - rows, count), 1)
  const key = tf.expandDims(tf.range(0, count), 0)
  return tf.greater(key, query)
}

/**
 * Where a row's diagonal, previous and first weight lie in its flattened (rows, count) map; row 0 has no previous one.
 */
function pickIndices(tf: Tf, rows: number, count: number): TensorFlow.Tensor1D {
  const first = count - rows
  const places = new Int32Array(3 * rows)
  for (let row = 0; row < rows; row++) {
    places[row] = row * count + first + row
    places[rows + row] = row * count + Math.max(0, first + row - 1)
    places[2 * rows + row] = row * count
  }
  return tf.tensor1d(places, 'int32')
}
