import { Graph } from '../../../onnx/graph.ts'
import type { Value } from '../../../onnx/graph.ts'
import type { AttentionRule, Norm, Parameter } from '../architecture.ts'
import type { Weights } from '../weights.ts'
import type { Operation, Segment } from './plan.ts'

/** RotaryEmbedding and RMSNormalization are operators of ONNX since this opset. */
const opset = 23

/** Inputs of a segment's graph beside its matrices, where its steps need them. */
export const tokensInput = 'tokens' // (T), token ids
export const positionsInput = 'positions' // (T): 0, 1, ...
export const targetsInput = 'targets' // (T, 1), token ids
/** No input and output of a graph have one name, as `residual` is both of a segment. */
export const outputName = (name: string): string => `out_${name}`
/** The inputs of a table of cosines and sines, (1, T, dim / 2), by its number among the segment's. */
export const rotaryInputs = (index: number): { cos: string; sin: string } => ({
  cos: `cos_${index}`,
  sin: `sin_${index}`,
})

/**
 * A segment as an ONNX model, its outputs under `outputName`: all of them, so that one session, which maps the weights,
 * serves whatever is wanted. Weights stay in their file.
 */
export function segmentGraph(segment: Segment, weights: Weights): Uint8Array {
  const graph = new Graph({ opset })
  const values = new Map<string, Value>(segment.inputs.map(({ name }) => [name, graph.input(name, 'float', 2)]))
  const inputs = new SegmentInputs(graph, segment)
  for (const operation of segment.operations) values.set(operation.out, step(operation))
  for (const { name, value } of segment.outputs)
    graph.output(outputName(name), graph.op('Identity', [values.get(value)!]))
  return graph.model()

  function step(operation: Operation): Value {
    const value = (name: string): Value => values.get(name)!
    switch (operation.op) {
      case 'embed': {
        const { table, by } = operation
        const index =
          by === 'first' ? graph.integers(0) : inputs.whole(by === 'token' ? tokensInput : positionsInput, 1)
        return graph.op('Gather', [parameter(table), index])
      }
      case 'scale':
        return graph.op('Mul', [value(operation.x), scalar(operation.factor)])
      case 'add':
        return graph.op('Add', [value(operation.a), value(operation.b)])
      case 'multiply':
        return graph.op('Mul', [value(operation.a), value(operation.b)])
      case 'norm': {
        const { groups, norm } = operation
        const x = value(operation.x)
        if (groups === 1) return normed(x, norm)
        const size = norm.weight.shape[0]!
        const apart = graph.op('Reshape', [x, graph.integers(-1, groups, size)])
        return graph.op('Reshape', [normed(apart, norm), graph.integers(-1, groups * size)])
      }
      case 'linear': {
        const { linear, gain } = operation
        const from = [value(operation.x), parameter(linear.weight)]
        if (linear.bias !== null) {
          const bias = parameter(linear.bias)
          from.push(gain === null ? bias : graph.op('Mul', [bias, graph.input(gain.input, 'float', 1)]))
        }
        return graph.op('Gemm', from, { transB: 1 })
      }
      case 'third': {
        const { order, heads, which } = operation
        const shape = order === 'stacked' ? graph.integers(0, 3, -1) : graph.integers(0, heads, 3, -1)
        const axis = order === 'stacked' ? 1 : 2
        const apart = graph.op('Reshape', [value(operation.x), shape])
        const [first, end] = [graph.integers(which), graph.integers(which + 1)]
        const part = graph.op('Slice', [apart, first, end, graph.integers(axis)])
        return graph.op('Reshape', [part, graph.integers(0, -1)])
      }
      case 'rotate': {
        const { cos, sin } = inputs.rotary(operation)
        const one = graph.op('Reshape', [
          value(operation.x),
          graph.integers(1, -1, operation.heads * operation.headDim),
        ])
        const turned = graph.op('RotaryEmbedding', [one, cos, sin], {
          num_heads: operation.heads,
          // 0 says the whole head; a number that is the whole head is refused.
          rotary_embedding_dim: operation.rotary.dim === operation.headDim ? 0 : operation.rotary.dim,
        })
        return graph.op('Reshape', [turned, graph.integers(-1, operation.heads * operation.headDim)])
      }
      case 'activate': {
        const x = value(operation.x)
        if (operation.activation === 'relu') return graph.op('Relu', [x])
        if (operation.activation === 'silu') return graph.op('Mul', [x, graph.op('Sigmoid', [x])])
        return graph.op('Gelu', [x], { approximate: operation.activation === 'gelu' ? 'none' : 'tanh' })
      }
      case 'cap':
        return capped(graph, value(operation.x), operation.cap)
      case 'loss': {
        // Not ReduceLogSumExp, which adds up one by one in float32: 3e-4 off for a vocabulary of 49,152.
        const shares = graph.op('LogSoftmax', [value(operation.logits)], { axis: -1 })
        const target = graph.op('GatherElements', [shares, inputs.whole(targetsInput, 2)], { axis: 1 })
        return graph.op('Neg', [target])
      }
    }
  }

  function parameter(of: Parameter): Value {
    return graph.external(of.shape, { file: weights.file, ...weights.place(of) })
  }

  function scalar(value: number): Value {
    return graph.constant([], Float32Array.of(value))
  }

  function normed(x: Value, { kind, weight, bias, epsilon, plusOne }: Norm): Value {
    const factor = plusOne ? graph.op('Add', [parameter(weight), scalar(1)]) : parameter(weight)
    const attributes = { axis: -1, epsilon: { float: epsilon } }
    if (kind === 'rms') return graph.op('RMSNormalization', [x, factor], attributes)
    return graph.op('LayerNormalization', [x, factor, ...(bias === null ? [] : [parameter(bias)])], attributes)
  }
}

/** Inputs that a segment's graph has once, whichever step needs them first. */
class SegmentInputs {
  readonly #graph: Graph
  readonly #whole = new Map<string, Value>()
  readonly #rotary = new Map<number, { cos: Value; sin: Value }>()
  readonly #segment: Segment

  constructor(graph: Graph, segment: Segment) {
    this.#graph = graph
    this.#segment = segment
  }

  whole(name: string, dimensions: number): Value {
    const known = this.#whole.get(name) ?? this.#graph.input(name, 'int64', dimensions)
    this.#whole.set(name, known)
    return known
  }

  rotary({ rotary }: Extract<Operation, { op: 'rotate' }>): { cos: Value; sin: Value } {
    const index = rotariesOf(this.#segment).indexOf(rotary)
    const { cos, sin } = rotaryInputs(index)
    const known = this.#rotary.get(index) ?? {
      cos: this.#graph.input(cos, 'float', 3),
      sin: this.#graph.input(sin, 'float', 3),
    }
    this.#rotary.set(index, known)
    return known
  }
}

/** The different rotary positions of a segment, in the order of its steps. */
export function rotariesOf(segment: Segment): (Operation & { op: 'rotate' })['rotary'][] {
  const all = segment.operations.flatMap((operation) => (operation.op === 'rotate' ? [operation.rotary] : []))
  return [...new Set(all)]
}

function capped(graph: Graph, x: Value, cap: number): Value {
  const by = graph.constant([], Float32Array.of(cap))
  return graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [x, by])]), by])
}

/**
 * Attention of some queries on the keys that any of them sees: query (R, heads * headDim), key and value
 * (K, keyValueHeads * headDim), visible (R, K) -> context (R, heads * headDim)
 */
export function attendGraph({ heads, keyValueHeads, headDim, scale, softCap }: AttentionRule): Uint8Array {
  const graph = new Graph({ opset })
  const apart = (name: string, count: number, perm: readonly number[]): Value => {
    const matrix = graph.input(name, 'float', 2)
    return graph.op('Transpose', [graph.op('Reshape', [matrix, graph.integers(0, count, headDim)])], { perm })
  }
  const query = apart('query', heads, [1, 0, 2]) // (heads, R, headDim)
  const key = apart('key', keyValueHeads, [1, 2, 0]) // (keyValueHeads, headDim, K)
  const value = apart('value', keyValueHeads, [1, 0, 2]) // (keyValueHeads, K, headDim)
  const scaled = graph.op('Mul', [query, graph.constant([], Float32Array.of(scale))])
  // The heads that share a key are one matrix: (keyValueHeads, heads / keyValueHeads * R, headDim)
  const grouped = graph.op('Reshape', [scaled, graph.integers(keyValueHeads, -1, headDim)])
  const products = graph.op('MatMul', [grouped, key])
  const columns = graph.op('Shape', [key], { start: 2 })
  const byHead = graph.op('Concat', [graph.integers(heads, -1), columns], { axis: 0 })
  const scores = graph.op('Reshape', [products, byHead]) // (heads, R, K)
  const capped_ = softCap === null ? scores : capped(graph, scores, softCap)
  const hidden = graph.constant([], Float32Array.of(-Infinity))
  const seen = graph.op('Where', [graph.input('visible', 'bool', 2), capped_, hidden])
  const weights = graph.op('Softmax', [seen], { axis: -1 })
  const rows = graph.op('Concat', [graph.integers(keyValueHeads, -1), columns], { axis: 0 })
  const mixed = graph.op('MatMul', [graph.op('Reshape', [weights, rows]), value])
  const context = graph.op('Transpose', [graph.op('Reshape', [mixed, graph.integers(heads, -1, headDim)])], {
    perm: [1, 0, 2],
  })
  graph.output('context', graph.op('Reshape', [context, graph.integers(-1, heads * headDim)]))
  return graph.model()
}
