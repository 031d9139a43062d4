import type { Graph, Value } from '../../onnx/graph.ts'

/** How the operands of a graph lie in memory, and what of them it reads. */
export interface OperandStructure {
  /** (B, heads, positions, width), as they are given; otherwise (positions, B, heads, width), as they are projected. */
  readonly headsFirst: boolean
  /** Heads first, and the graph is to take the keys firstKey..endKey-1 of those that it is handed. */
  readonly sliced: boolean
  /** Whether several heads share their keys and values. */
  readonly grouped: boolean
}

export interface HeadProducts {
  /** (B, H, n, D) or, grouped, (B, G, H / G * n, D) */
  readonly queries: Value
  /** The keys or values of a graph, as `scores` and `mixed` take them. */
  readonly seen: (name: 'key' | 'value') => Value
  /** Queries and keys -> (B, H, n, w) */
  readonly scores: (queries: Value, keys: Value) => Value
  /** (B, H, n, w) and values -> (B, H, n, width) */
  readonly mixed: (weights: Value, values: Value) => Value
}

/**
 * Products of queries with the keys and values of their heads. Heads that share keys are so many more rows of one
 * product, so that nothing is repeated in memory.
 *
 * Reads query, heads first with from = r0 and to = r1, else only the n rows of these; key, value; sliced: firstKey and
 * endKey; grouped: groupRows = [0, G, -1, 0] and headRows = [0, H, -1, 0].
 */
export function headProducts(graph: Graph, { headsFirst, sliced, grouped }: OperandStructure): HeadProducts {
  const whole = (name: string): Value => graph.input(name, 'int64', 1)
  const positions = graph.integers(2)
  const given = graph.input('query', 'float', 4)
  let queries = headsFirst
    ? graph.op('Slice', [given, whole('from'), whole('to'), positions])
    : graph.op('Transpose', [given], { perm: [1, 2, 0, 3] })
  let groups = (rows: Value): Value => rows
  let heads = (rows: Value): Value => rows
  if (grouped) {
    const [groupRows, headRows] = [whole('groupRows'), whole('headRows')]
    groups = (rows) => graph.op('Reshape', [rows, groupRows])
    heads = (rows) => graph.op('Reshape', [rows, headRows])
  }
  queries = groups(queries)
  const [firstKey, endKey] = sliced ? [whole('firstKey'), whole('endKey')] : ['', '']
  const order = { transBatchB: headsFirst ? 0 : 1 }
  return {
    queries,
    seen(name) {
      const each = graph.input(name, 'float', 4)
      return sliced ? graph.op('Slice', [each, firstKey, endKey, positions]) : each
    },
    scores: (queries, keys) => heads(graph.op('com.microsoft.FusedMatMul', [queries, keys], { transB: 1, ...order })),
    mixed: (weights, values) => heads(graph.op('com.microsoft.FusedMatMul', [groups(weights), values], order)),
  }
}
