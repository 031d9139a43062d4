import { Graph } from '../../onnx/graph.ts'
import type { Value } from '../../onnx/graph.ts'

export interface ProjectStructure {
  /** Whether each has a bias. No values where theirs is null. */
  readonly query: boolean
  readonly key: boolean
  readonly value: boolean | null
  /** Whether there are several items. */
  readonly several: boolean
  /** Whether each has an input of its own. */
  readonly apart: boolean
}

/**
 * Queries, keys and values, each x W^T + b, the sequence's positions first: what a row sees, an interval of keys, is
 * then a part of the memory, and needs no copy. That order is x's own where there is one item. x (B * T, I), or where
 * they are apart query.x, key.x and value.x; query.weight (H * D, I), query.bias (H * D); key and value likewise, with G
 * heads; several items: shape = [B, T, -1], or query.shape and its like -> query (T, B, H * D), key and value
 * (T, B, G * D), and the sum of the squares of each, squares (1, 2 or 3)
 */
export function projectGraph(structure: ProjectStructure): Uint8Array {
  const graph = new Graph()
  const { several, apart } = structure
  const shared = apart ? null : graph.input('x', 'float', 2)
  const sharedShape = several && !apart ? graph.input('shape', 'int64', 1) : null
  const squares: Value[] = []
  for (const name of ['query', 'key', 'value'] as const) {
    const bias = structure[name]
    if (bias === null) continue
    const itemsFirst = linear(graph, shared ?? graph.input(`${name}.x`, 'float', 2), name, bias)
    squares.push(graph.op('ReduceSumSquare', [itemsFirst]))
    const shape = several ? (sharedShape ?? graph.input(`${name}.shape`, 'int64', 1)) : null
    graph.output(
      name,
      shape === null
        ? itemsFirst
        : graph.op('Transpose', [graph.op('Reshape', [itemsFirst, shape])], { perm: [1, 0, 2] }),
    )
  }
  graph.output('squares', graph.op('Concat', squares, { axis: 1 }))
  return graph.model()
}

/** The sums of squares of query, key and, where there are some, value, all flat -> squares (2 or 3) */
export function squaresGraph(values: boolean): Uint8Array {
  const graph = new Graph()
  const squares = ['query', 'key', ...(values ? ['value'] : [])].map((name) =>
    graph.op('ReduceSumSquare', [graph.input(name, 'float', 1)]),
  )
  graph.output('squares', graph.op('Concat', squares, { axis: 0 }))
  return graph.model()
}

/** The output projection. x (B * T, H * D), output.weight (O, H * D), output.bias (O) -> context (B * T, O) */
export function outputGraph(bias: boolean): Uint8Array {
  const graph = new Graph()
  graph.output('context', linear(graph, graph.input('x', 'float', 2), 'output', bias))
  return graph.model()
}

function linear(graph: Graph, x: Value, name: string, bias: boolean): Value {
  const weight = graph.input(`${name}.weight`, 'float', 2)
  return graph.op('Gemm', [x, weight, ...(bias ? [graph.input(`${name}.bias`, 'float', 1)] : [])], { transB: 1 })
}
