import { Graph } from '../../onnx/graph.ts'
import type { Value } from '../../onnx/graph.ts'
import { guardedMix, guardedSoftmax } from './guarded.ts'

/** Query rows of a block: the scores of all heads for so many rows stay in the processor's cache. */
export const blockRows = 64

/** The score of a key that a row must not see. No finite number would do: visible scores may lie below any of them. */
const unseen = -Infinity

/**
 * What a block says of a row with the weights p and the scores s less the greatest of them, in this order, and then its
 * sums by the moments' matrix; without statistics only one sum of p.
 */
export const rowColumns = [
  'max p',
  'sum p s',
  'p of token 0',
  'p of the previous token',
  'p of the token itself',
] as const

/**
 * Columns of the moments' matrix, a width that suits SIMD: one for the distance, and parts of the sum of p, since a
 * float32 sum of a thousand weights may be off by 1e-6. The parts are added in float64.
 */
export const momentColumns = 16

/** Of a causal block. */
export interface BlockStructure {
  /** Whether scores or values may be too large for float32, or scores further apart than it can say. */
  readonly guarded: boolean
  /** Whether several heads share their keys and values. */
  readonly grouped: boolean
  readonly dropout: boolean
  /** Whether values are mixed. */
  readonly context: boolean
  /** Whether rows have more than their sums. */
  readonly statistics: boolean
  readonly weights: boolean
  readonly scores: boolean
}

/**
 * The causal rule alone: rows r0..r1 of all items and heads, n of them, against the w = r1 keys that the last of them
 * sees. Every other rule is ruled-graph.ts's.
 *
 * Reads query (n, B, H, D), key and, for the context, value (w, B, G, D), scale (1); where there is dropout, keep
 * (B, H, T, T), keepProbability (1) and from = r0; for statistics, moments (w, momentColumns), key j's being w - 1 - j
 * and a 1 among zeros; and as whole numbers, none of which is worked out in the graph, so that all of it can run on one
 * device: to = r1, size = n, before = max(0, r0 - 1), maskPadding = [0, r0, 0, 0], nearPadding = [0, 0, 0, 1 if r0 = 0,
 * 0, 0, 0, 0], for statistics step = n + 2, and where heads are grouped keyHeads (H), the keys' head of each head.
 *
 * Writes rows (B, H, n, rowColumns + momentColumns or 1), future (1, 1, 1, 1), and mixed (B, n, H, D),
 * weights and scores (B, H, n, w) where they are wanted. What lies beyond the diagonal in scores is not masked.
 *
 * Where scores and values are known to be moderate a block is not guarded, which would take half as long again.
 */
export function blockGraph(structure: BlockStructure): Uint8Array {
  const graph = new Graph()
  const [zero, one, rows, columns] = [graph.integers(0), graph.integers(1), graph.integers(2), graph.integers(3)]
  const whole = (name: string): Value => graph.input(name, 'int64', 1)
  const [to, size] = [whole('to'), whole('size')]
  const slice = (x: Value, axis: Value, start: Value, end: Value, step = one): Value =>
    graph.op('Slice', [x, start, end, axis, step])
  const keyHeads = structure.grouped ? whole('keyHeads') : null
  const seen = (name: string): Value => {
    //                                                     (w, B, H, D)
    const each = graph.input(name, 'float', 4)
    return keyHeads === null ? each : graph.op('Gather', [each, keyHeads], { axis: 2 })
  }

  // transBatch: an operand's first dimension belongs behind the batch's, here the items and heads.
  const query = graph.op('Mul', [graph.input('query', 'float', 4), graph.input('scale', 'float', 1)])
  const scores = graph.op('com.microsoft.FusedMatMul', [query, seen('key')], {
    transB: 1,
    transBatchA: 1,
    transBatchB: 1,
  })
  const mask = graph.op('Pad', [triangle(graph, slice, size), whole('maskPadding')]) //                  (n, w)
  const hidden = graph.op('Less', [mask, graph.constant([1], Float32Array.of(0))])
  const { shifted, weights, poison } = structure.guarded
    ? guardedSoftmax(graph, scores, hidden, columns)
    : plainSoftmax(graph, scores, mask, columns)

  if (structure.context) {
    const value = seen('value')
    const product = (weights: Value, value: Value): Value =>
      graph.op('com.microsoft.FusedMatMul', [weights, value], { transBatchB: 1 })
    const mix = (weights: Value): Value =>
      structure.guarded ? guardedMix(graph, weights, value, hidden, product) : product(weights, value)
    let mixed: Value
    if (structure.dropout) {
      const keep = slice(slice(graph.input('keep', 'uint8', 4), rows, whole('from'), to), columns, zero, to)
      const kept = graph.op('Mul', [weights, graph.op('Cast', [keep], { to: 1 })])
      mixed = graph.op('Div', [mix(kept), graph.input('keepProbability', 'float', 1)])
    } else {
      mixed = mix(weights)
    }
    graph.output('mixed', graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }))
  }

  // Keys r0 - 1 .. r1 - 1, or a column of zeros and keys 0 .. r1 - 1: row i has its previous token at i, its own at
  // i + 1 and tokens that it must not see from i + 2 on; each row is n + 1 long, so i moves n + 2 places a row.
  const near = graph.op('Pad', [slice(weights, columns, whole('before'), to), whole('nearPadding')]) // (B, H, n, n + 1)
  graph.output('future', graph.op('ReduceMax', [graph.op('Trilu', [near, graph.integers(2)], { upper: 1 })]))

  if (structure.statistics) {
    const flat = graph.op('Reshape', [near, graph.integers(0, 0, -1, 1)])
    const [end, step] = [graph.integers(blockRows * (blockRows + 1)), whole('step')]
    const greatest = graph.op('ReduceMax', [weights, columns])
    graph.output(
      'rows',
      graph.op(
        'Concat',
        [
          poison === null ? greatest : graph.op('Add', [greatest, poison]),
          graph.op('ReduceSum', [graph.op('Mul', [weights, shifted]), columns]),
          slice(weights, columns, zero, one),
          slice(flat, rows, zero, end, step),
          slice(flat, rows, one, end, step),
          graph.op('MatMul', [weights, graph.input('moments', 'float', 2)]),
        ],
        { axis: 3 },
      ),
    )
  } else {
    graph.output('rows', graph.op('ReduceSum', [weights, columns]))
  }
  if (structure.weights) graph.output('weights', weights)
  if (structure.scores) graph.output('scores', scores)
  return graph.model()
}

/**
 * Softmax of scores that are moderate: a hidden key's plus -Infinity is -Infinity, and itself less the row's greatest is
 * a number, which its weight, 0, makes nothing of. scores (B, H, n, w), mask (n, w)
 */
function plainSoftmax(
  graph: Graph,
  scores: Value,
  mask: Value,
  columns: Value,
): { shifted: Value; weights: Value; poison: null } {
  const causal = graph.op('Add', [scores, mask])
  // Shifted by hand, since the entropy is -ln(max p) - sum p s: both terms are small where the weights are peaked.
  const shifted = graph.op('Sub', [scores, graph.op('ReduceMax', [causal, columns])])
  return { shifted, weights: graph.op('Softmax', [causal], { axis: 3 }), poison: null }
}

/**
 * (n, n): nothing where key <= row, `unseen` elsewhere; padded on the left by the keys that every row of a block sees.
 */
function triangle(graph: Graph, slice: (x: Value, axis: Value, start: Value, end: Value) => Value, size: Value): Value {
  const whole = new Float32Array(blockRows * blockRows)
  for (let row = 0; row < blockRows; row++) whole.fill(unseen, row * blockRows + row + 1, (row + 1) * blockRows)
  const [zero, one] = [graph.integers(0), graph.integers(1)]
  return slice(slice(graph.constant([blockRows, blockRows], whole), zero, zero, size), one, zero, size)
}
