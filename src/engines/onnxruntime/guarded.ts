import type { Graph, Value } from '../../onnx/graph.ts'

/**
 * Softmax and mixing for scores and values that float32 may not hold. Keys are hidden by selection, so that nothing of
 * theirs, infinite or not a number, reaches a row that must not see them; a row that does see such a score is not a
 * number throughout.
 */

/** e to this is 0, and 0 times it is 0: scores further below their row's greatest are counted as this far below. */
export const furthest = -1e4

export interface GuardedRows {
  /** Scores less the greatest of their row, `furthest` at least; (B, H, n, w) */
  readonly shifted: Value
  /** (B, H, n, w) */
  readonly weights: Value
  /** 0 where all scores that a row sees are finite, else not a number; (B, H, n, 1) */
  readonly poison: Value
}

/** scores (B, H, n, w), hidden (n, w) */
export function guardedSoftmax(graph: Graph, scores: Value, hidden: Value, columns: Value): GuardedRows {
  const number = (value: number): Value => graph.constant([1], Float32Array.of(value))
  const nothing = number(0)
  const select = (whenHidden: Value, otherwise: Value): Value => graph.op('Where', [hidden, whenHidden, otherwise])
  // 0 times a finite number is 0, and times any other it is not a number.
  const poison = graph.op('ReduceSum', [select(nothing, graph.op('Mul', [scores, nothing])), columns])
  const causal = select(number(-Infinity), scores)
  const distances = graph.op('Sub', [causal, graph.op('ReduceMax', [causal, columns])])
  const shifted = graph.op('Max', [distances, number(furthest)])
  const weights = graph.op('Add', [graph.op('Softmax', [shifted], { axis: 3 }), poison])
  return { shifted, weights: select(nothing, weights), poison }
}

/**
 * Values mixed, where a row that sees a value that is not finite has no number in that value's column.
 * weights (B, H, n, w), value as `product` takes it, hidden (n, w) or what is repeated to (B, H, n, w) -> (B, H, n, D)
 */
export function guardedMix(
  graph: Graph,
  weights: Value,
  value: Value,
  hidden: Value,
  product: (weights: Value, value: Value) => Value,
): Value {
  const number = (value: number): Value => graph.constant([1], Float32Array.of(value))
  const [nothing, one] = [number(0), number(1)]
  const finite = graph.op('Equal', [graph.op('Mul', [value, nothing]), nothing])
  const mixed = product(weights, graph.op('Where', [finite, value, nothing]))
  const never = graph.op('Less', [weights, nothing]) // (B, H, n, w), for its shape
  const sees = graph.op('Cast', [graph.op('Or', [graph.op('Not', [hidden]), never])], { to: 1 })
  const seenLosses = product(sees, graph.op('Where', [finite, nothing, one]))
  return graph.op('Where', [graph.op('Greater', [seenLosses, nothing]), number(NaN), mixed])
}
