import type { Graph, Value } from '../../onnx/graph.ts'
import { furthest } from './guarded.ts'

export interface SoftmaxStructure {
  readonly guarded: boolean
  readonly sinks: boolean
  readonly empty: boolean
}

export interface RuledRows {
  /** (B, H, n, w): 0 at the keys that are hidden */
  readonly weights: Value
  /** The scores, -Infinity at the keys that are hidden; (B, H, n, w) */
  readonly visible: Value
  /** Scores less the greatest of their row, `furthest` at least; (B, H, n, w) */
  readonly shifted: () => Value
  /** 0 where all scores that a row sees are finite, else not a number, (B, H, n, 1); null where they are moderate */
  readonly poison: Value | null
  /** (B, H, n, 1) */
  readonly sinkShare: Value | null
}

/**
 * Softmax of the scores that a row sees. A moderate score plus -Infinity is -Infinity, and its weight is 0; others are
 * hidden by selection, so that nothing of theirs, infinite or not a number, reaches the row. A row that does see a score
 * that is not finite is not a number throughout; one that sees no key has weights of 0. A sink, sinks (1, H, 1, 1), is
 * one more term of the row's sum.
 * scores (B, H, n, w); hidden, what is repeated to that shape, or null where all keys are seen
 */
export function ruledSoftmax(
  graph: Graph,
  scores: Value,
  hidden: Value | null,
  { guarded, sinks, empty }: SoftmaxStructure,
): RuledRows {
  const number = (value: number): Value => graph.constant([1], Float32Array.of(value))
  const columns = graph.integers(3)
  const [nothing, unseen] = [number(0), number(-Infinity)]
  let visible = scores
  if (hidden !== null) {
    visible = guarded
      ? graph.op('Where', [hidden, unseen, scores])
      : graph.op('Add', [scores, graph.op('Where', [hidden, unseen, nothing])])
  }
  let poison: Value | null = null
  if (guarded) {
    // 0 times a finite number is 0, and times any other it is not a number.
    const lost = graph.op('Mul', [scores, nothing])
    poison = graph.op('ReduceSum', [hidden === null ? lost : graph.op('Where', [hidden, nothing, lost]), columns])
  }
  let greatest = ''
  const top = (): Value => (greatest ||= graph.op('ReduceMax', [visible, columns]))
  let differences = ''
  const shifted = (): Value => (differences ||= graph.op('Max', [graph.op('Sub', [visible, top()]), number(furthest)]))

  let weights = graph.op('Softmax', [guarded ? shifted() : visible], { axis: 3 })
  if (poison !== null) weights = graph.op('Add', [weights, poison])
  let sinkShare: Value | null = null
  if (sinks) {
    // With Z = 1 / max p the sum of e^(s - top), the row's part of the whole sum is Z e^top, the sink's e^sink.
    const sink = graph.input('sinks', 'float', 4)
    const highest = graph.op('Max', [top(), sink])
    const power = (of: Value): Value => graph.op('Exp', [graph.op('Sub', [of, highest])])
    const keysPart = graph.op('Div', [power(top()), graph.op('ReduceMax', [weights, columns])])
    const sinkPart = power(sink)
    const sum = graph.op('Add', [keysPart, sinkPart])
    weights = graph.op('Mul', [weights, graph.op('Div', [keysPart, sum])])
    sinkShare = graph.op('Div', [sinkPart, sum])
    if (poison !== null) sinkShare = graph.op('Add', [sinkShare, poison])
  }
  if (hidden !== null && (guarded || empty)) weights = graph.op('Where', [hidden, nothing, weights])
  return { weights, visible, shifted, poison, sinkShare }
}
