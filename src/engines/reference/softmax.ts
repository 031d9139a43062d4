/** A row's weights and what its sink takes of the softmax. */
export interface RowWeights {
  /** 0 at the keys that are not visible */
  readonly weights: Float64Array
  readonly sinkWeight: number
}

/**
 * Softmax of one row over the keys that it sees, shifted by the greatest score; a sink is one more score, which belongs
 * to no key. A row that sees no key has weights of 0. A row that sees a score which is not finite has no weights: they
 * are not numbers.
 * @param isVisible whether the row sees the key of a score
 * @param sink the sink's logit, or null where there is none
 */
export function rowSoftmax(scores: Float64Array, isVisible: (i: number) => boolean, sink: number | null): RowWeights {
  const weights = new Float64Array(scores.length)
  let count = 0
  let max = sink ?? -Infinity
  let finite = true
  for (let i = 0; i < scores.length; i++) {
    if (!isVisible(i)) continue
    count++
    max = Math.max(max, scores[i]!)
    if (!Number.isFinite(scores[i]!)) finite = false
  }
  if (count === 0) return { weights, sinkWeight: sink === null ? 0 : 1 }
  const power = sink === null ? 0 : Math.exp(sink - max)
  let sum = power
  for (let i = 0; i < scores.length; i++) if (isVisible(i)) sum += weights[i] = Math.exp(scores[i]! - max)
  for (let i = 0; i < scores.length; i++) if (isVisible(i)) weights[i] = finite ? weights[i]! / sum : NaN
  return { weights, sinkWeight: finite ? power / sum : NaN }
}
