import { Graph } from '../../onnx/graph.ts'
import type { Value } from '../../onnx/graph.ts'
import { guardedMix } from './guarded.ts'
import { headProducts } from './head-products.ts'
import type { OperandStructure } from './head-products.ts'
import { ruledSoftmax } from './ruled-softmax.ts'

export interface RuledStructure extends OperandStructure {
  /** Whether scores or values may be too large for float32, or scores further apart than it can say. */
  readonly guarded: boolean
  readonly softCap: boolean
  readonly bias: boolean
  readonly slopes: boolean
  readonly sinks: boolean
  /** Whether there are keys that a row of the block does not see, and whether they may lie between those that it sees. */
  readonly hides: boolean
  readonly holes: boolean
  /** Whether a row of the block may see no key at all. */
  readonly empty: boolean
  readonly dropout: boolean
  /** Whether values are mixed. */
  readonly context: boolean
  /** Whether rows have more than their sums. */
  readonly statistics: boolean
  readonly weights: boolean
  readonly scores: boolean
}

/**
 * Rows r0..r1 of all items and heads, n of them, against the w keys from the first to the last that any of them sees,
 * under any rule. P and Q are B and H, or 1 where the rules are the same for all items or heads.
 *
 * Reads what `headProducts` reads, scale (1) and softCap (1); bias, allowed and keep (B, H, queries, keys), axes of
 * which may be 1 where they are repeated, each with its start and end, [row, key]; where something is hidden, first and
 * end (P, Q, n, 1): the keys of each row; for slopes, slopes (1, H, 1, 1) and position (P, Q, n, 1); for either, keys
 * (w): their numbers; sinks (1, H, 1, 1); keepProbability (1); for statistics, moments (w, momentColumns) and picks
 * (B, H, n, 3): the places among the w of three keys.
 *
 * Writes rows (B, H, n, columns) with, for statistics, max p, sum p s, the p of the three keys and the products with the
 * moments, else the sum of p; last, where there are sinks, the sink's share; hiddenWeight (1, 1, 1, 1) where something is
 * hidden; and mixed (B, n, H, width), weights and scores (B, H, n, w) where they are wanted. A row that sees no key has
 * weights of 0, and its other numbers mean nothing.
 */
export function ruledGraph(structure: RuledStructure): Uint8Array {
  const graph = new Graph()
  const products = headProducts(graph, structure)
  const number = (name: string): Value => graph.input(name, 'float', 1)
  /** What the block sees of an array over (B, H, queries, keys). */
  const part = (name: string, type: 'float' | 'uint8'): Value =>
    graph.op('Slice', [
      graph.input(name, type, 4),
      graph.input(`${name}.start`, 'int64', 1),
      graph.input(`${name}.end`, 'int64', 1),
      graph.integers(2, 3),
    ])
  const keys = structure.hides || structure.slopes ? graph.input('keys', 'int32', 1) : ''

  let scores = products.scores(graph.op('Mul', [products.queries, number('scale')]), products.seen('key'))
  if (structure.softCap) {
    const cap = number('softCap')
    scores = graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [scores, cap])]), cap])
  }
  if (structure.bias) scores = graph.op('Add', [scores, part('bias', 'float')])
  if (structure.slopes) {
    const distance = graph.op('Cast', [graph.op('Sub', [graph.input('position', 'int32', 4), keys])], { to: 1 })
    scores = graph.op('Sub', [scores, graph.op('Mul', [graph.input('slopes', 'float', 4), distance])])
  }

  let hidden: Value | null = null // (P, Q, n, w), or (B, H, n, w) less repeated axes
  if (structure.hides) {
    hidden = graph.op('Or', [
      graph.op('Less', [keys, graph.input('first', 'int32', 4)]),
      graph.op('GreaterOrEqual', [keys, graph.input('end', 'int32', 4)]),
    ])
    if (structure.holes) {
      const allowed = graph.op('Cast', [part('allowed', 'uint8')], { to: 9 })
      hidden = graph.op('Or', [hidden, graph.op('Not', [allowed])])
    }
  }
  const { weights, visible, shifted, poison, sinkShare } = ruledSoftmax(graph, scores, hidden, structure)

  if (structure.context) {
    const value = products.seen('value')
    const mix = (weights: Value): Value =>
      structure.guarded && hidden !== null
        ? guardedMix(graph, weights, value, hidden, products.mixed)
        : products.mixed(weights, value)
    let mixed: Value
    if (structure.dropout) {
      const kept = graph.op('Mul', [weights, graph.op('Cast', [part('keep', 'uint8')], { to: 1 })])
      mixed = graph.op('Div', [mix(kept), number('keepProbability')])
    } else {
      mixed = mix(weights)
    }
    graph.output('mixed', graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }))
  }

  if (hidden !== null) {
    const hiddenWeights = structure.guarded
      ? graph.op('Where', [hidden, weights, graph.constant([1], Float32Array.of(0))])
      : graph.op('Mul', [weights, graph.op('Cast', [hidden], { to: 1 })])
    graph.output('hiddenWeight', graph.op('ReduceMax', [hiddenWeights]))
  }

  const columns = graph.integers(3)
  const said: Value[] = []
  if (structure.statistics) {
    const greatest = graph.op('ReduceMax', [weights, columns])
    said.push(
      poison === null ? greatest : graph.op('Add', [greatest, poison]),
      graph.op('ReduceSum', [graph.op('Mul', [weights, shifted()]), columns]),
      graph.op('GatherElements', [weights, graph.input('picks', 'int32', 4)], { axis: 3 }),
      graph.op('MatMul', [weights, graph.input('moments', 'float', 2)]),
    )
  } else {
    said.push(graph.op('ReduceSum', [weights, columns]))
  }
  if (sinkShare !== null) said.push(sinkShare)
  graph.output('rows', graph.op('Concat', said, { axis: 3 }))
  if (structure.weights) graph.output('weights', weights)
  if (structure.scores) graph.output('scores', visible)
  return graph.model()
}

/** q . k of rows r0..r1 and every key: what `headProducts` reads -> products (B, H, n, K) */
export function productsGraph(structure: OperandStructure): Uint8Array {
  const graph = new Graph()
  const { queries, seen, scores } = headProducts(graph, structure)
  graph.output('products', scores(queries, seen('key')))
  return graph.model()
}
