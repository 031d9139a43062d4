import type * as TensorFlow from '@tensorflow/tfjs-node-gpu'
import type { Tf } from './load.ts'

/**
 * Softmax and mixing for scores and values that float32 may not hold. Keys are hidden by selection, so that nothing of
 * theirs, infinite or not a number, reaches a row that must not see them; a row that does see such a score is not a
 * number throughout.
 */

/** e to this is 0, and 0 times it is 0: scores further below their row's greatest are counted as this far below. */
const furthest = -1e4

export interface GuardedRows {
  /** (maps, rows, count) */
  readonly weights: TensorFlow.Tensor3D
  /** sum_j A_ij (s_ij - max_j s_ij), (maps, rows) */
  readonly logit: TensorFlow.Tensor
  /** (maps, rows) */
  readonly maxWeight: TensorFlow.Tensor
}

/** scores (maps, rows, count), hidden (rows, count) */
export function guardedSoftmax(tf: Tf, scores: TensorFlow.Tensor3D, hidden: TensorFlow.Tensor): GuardedRows {
  // 0 times a finite number is 0, and times any other it is not a number.
  const poison = tf.sum(tf.where(hidden, 0, tf.mul(scores, 0)), -1, true)
  const causal = tf.where(hidden, -Infinity, scores)
  const shifted = tf.maximum(tf.sub(causal, tf.max(causal, -1, true)), furthest)
  const weights = tf.where(hidden, 0, tf.add(tf.softmax(shifted), poison)) as TensorFlow.Tensor3D
  const flatPoison = tf.squeeze(poison, [2])
  return {
    weights,
    logit: tf.add(tf.sum(tf.mul(weights, shifted), -1), flatPoison),
    maxWeight: tf.add(tf.max(weights, -1), flatPoison),
  }
}

/**
 * Values mixed, where a row that sees a value that is not finite has no number in that value's column.
 * weights (maps, rows, count), values (maps, count, headDim), hidden (rows, count) -> (maps, rows, headDim)
 */
export function guardedMix(
  tf: Tf,
  weights: TensorFlow.Tensor3D,
  values: TensorFlow.Tensor3D,
  hidden: TensorFlow.Tensor,
): TensorFlow.Tensor3D {
  const finite = tf.equal(tf.mul(values, 0), 0)
  const mixed = tf.matMul<TensorFlow.Tensor3D>(weights, tf.where(finite, values, 0))
  const sees = tf.broadcastTo(tf.where(hidden, 0, 1), weights.shape)
  const seenLosses = tf.matMul(sees, tf.where(finite, 0, tf.onesLike(values)))
  return tf.where(tf.greater(seenLosses, 0), NaN, mixed)
}
