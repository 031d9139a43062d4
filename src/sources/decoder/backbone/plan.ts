import type {
  Activation,
  Architecture,
  AttentionRule,
  LayerArchitecture,
  Linear,
  Norm,
  Parameter,
  Rotary,
} from '../architecture.ts'

/** A value within a segment, by name: a matrix of (rows, width), one row a position. */
export type Value = string

/** One step of a segment. All of them work on each row by itself, so that a segment may be given any rows. */
export type Operation =
  /** Rows of a table: by token id, by position, or the first row for everyone. */
  | {
      readonly op: 'embed'
      readonly table: Parameter
      readonly by: 'token' | 'position' | 'first'
      readonly out: Value
    }
  | { readonly op: 'scale'; readonly x: Value; readonly factor: number; readonly out: Value }
  | { readonly op: 'add'; readonly a: Value; readonly b: Value; readonly out: Value }
  | { readonly op: 'multiply'; readonly a: Value; readonly b: Value; readonly out: Value }
  /** Over each of `groups` equal parts of a row by itself. */
  | { readonly op: 'norm'; readonly x: Value; readonly norm: Norm; readonly groups: number; readonly out: Value }
  /** The bias times a gain of each output, where there is one. */
  | {
      readonly op: 'linear'
      readonly x: Value
      readonly linear: Linear
      readonly gain: BiasGain | null
      readonly out: Value
    }
  /** A part of a row: of fused queries, keys and values, the which-th of three. */
  | {
      readonly op: 'third'
      readonly x: Value
      readonly order: 'stacked' | 'by_head'
      readonly heads: number
      readonly which: 0 | 1 | 2
      readonly out: Value
    }
  | {
      readonly op: 'rotate'
      readonly x: Value
      readonly heads: number
      readonly headDim: number
      readonly rotary: Rotary
      readonly out: Value
    }
  | { readonly op: 'activate'; readonly x: Value; readonly activation: Activation; readonly out: Value }
  /** c tanh(x / c) */
  | { readonly op: 'cap'; readonly x: Value; readonly cap: number; readonly out: Value }
  /** -log softmax(logits)[target] of each row: (rows, 1) */
  | { readonly op: 'loss'; readonly logits: Value; readonly out: Value }

/** A segment's input of one factor an output, by which a bias is multiplied. */
export interface BiasGain {
  readonly input: string
  readonly outputs: number
  /** Which projection an output belongs to. */
  readonly of: (output: number) => Projection
}

export type Projection = 'query' | 'key' | 'value'
export const projectionNames: readonly Projection[] = ['query', 'key', 'value']

/** Steps that are computed together, from attention to attention. */
export interface Segment {
  readonly name: string
  /** Matrices that it is given, known to the steps by their names. */
  readonly inputs: readonly { readonly name: Value; readonly width: number }[]
  readonly operations: readonly Operation[]
  readonly outputs: readonly { readonly name: string; readonly value: Value; readonly width: number }[]
}

/** What a layer's segment hands out. Queries and keys are as they meet: normed and turned. */
export const layerValues = ['residual', 'attention_input', 'query', 'key', 'value'] as const
export type LayerValue = (typeof layerValues)[number]

/** One layer, as far as its attention. */
export interface LayerPlan {
  /** From tokens, or from `residual` and `context` of the layer before, to what `layerValues` names. */
  readonly segment: Segment
  readonly rule: AttentionRule
  /** Gains of its projections' biases; none where it has no biases. */
  readonly gains: readonly BiasGain[]
}

/** A model as what its interpreters compute: layers one after the other, with attention between them. */
export interface Plan {
  readonly layers: readonly LayerPlan[]
  /** From `residual` and `context` of the last layer to `final`, after the last norm. */
  readonly final: Segment
  /** From `final` to `logits`; null where there is no head. */
  readonly logits: Segment | null
  /** From `final` to `loss`, the next token's; null where there is no head. */
  readonly loss: Segment | null
}

export function planOf(architecture: Architecture): Plan {
  const last = architecture.layers.at(-1)!
  const steps = new Steps()
  const final = steps.norm(afterAttention(steps, last), architecture.finalNorm)
  return {
    layers: architecture.layers.map((layer, index) => layerPlan(architecture, layer, index)),
    final: {
      name: 'final',
      inputs: inputsAfter(architecture, last),
      operations: steps.operations,
      outputs: [{ name: 'final', value: final, width: architecture.width }],
    },
    logits: headSegment(architecture, 'logits'),
    loss: headSegment(architecture, 'loss'),
  }
}

function layerPlan(architecture: Architecture, layer: LayerArchitecture, index: number): LayerPlan {
  const { attention: rule, rotary, inputNorm, queryNorm, keyNorm } = layer
  const before = architecture.layers[index - 1]
  const steps = new Steps()
  const residual = before === undefined ? embedded(steps, architecture) : afterAttention(steps, before)
  const input = steps.norm(residual, inputNorm)
  const projected = project(steps, layer, input)
  const met = (value: Value, heads: number, norm: Norm | null): Value => {
    const normed = steps.norm(value, norm, heads)
    return rotary === null ? normed : steps.add({ op: 'rotate', x: normed, heads, headDim: rule.headDim, rotary })
  }
  const width = rule.heads * rule.headDim
  const keyWidth = rule.keyValueHeads * rule.headDim
  return {
    rule,
    gains: steps.gains,
    segment: {
      name: `layer ${index}`,
      inputs: before === undefined ? [] : inputsAfter(architecture, before),
      operations: steps.operations,
      outputs: [
        { name: 'residual', value: residual, width: architecture.width },
        { name: 'attention_input', value: input, width: architecture.width },
        { name: 'query', value: met(projected.query, rule.heads, queryNorm), width },
        { name: 'key', value: met(projected.key, rule.keyValueHeads, keyNorm), width: keyWidth },
        { name: 'value', value: projected.value, width: keyWidth },
      ] satisfies { name: LayerValue; value: Value; width: number }[],
    },
  }
}

function inputsAfter({ width }: Architecture, { attention }: LayerArchitecture): Segment['inputs'] {
  return [
    { name: 'residual', width },
    { name: 'context', width: attention.heads * attention.headDim },
  ]
}

function embedded(steps: Steps, { embedding }: Architecture): Value {
  let x = steps.add({ op: 'embed', table: embedding.tokens, by: 'token' })
  if (embedding.scale !== null) x = steps.add({ op: 'scale', x, factor: embedding.scale })
  const others = [
    { table: embedding.tokenTypes, by: 'first' },
    { table: embedding.positions, by: 'position' },
  ] as const
  for (const { table, by } of others)
    if (table !== null) x = steps.add({ op: 'add', a: x, b: steps.add({ op: 'embed', table, by }) })
  return steps.norm(x, embedding.norm)
}

/** From `residual` and `context` of a layer to what comes out of it: architecture.ts says the formula. */
function afterAttention(steps: Steps, layer: LayerArchitecture): Value {
  const attended = steps.norm(steps.linear('context', layer.output), layer.attentionOutputNorm)
  const sum = steps.add({ op: 'add', a: 'residual', b: attended })
  if (layer.parallel) return steps.add({ op: 'add', a: sum, b: feedForward(steps, layer, 'residual') })
  const between = steps.norm(sum, layer.residualNorm)
  const out = steps.add({ op: 'add', a: between, b: feedForward(steps, layer, between) })
  return steps.norm(out, layer.outputNorm)
}

function feedForward(steps: Steps, layer: LayerArchitecture, from: Value): Value {
  const { gate, up, down, activation } = layer.feedForward
  const x = steps.norm(from, layer.feedForwardNorm)
  const wide = steps.linear(x, up)
  const inner =
    gate === null
      ? steps.add({ op: 'activate', x: wide, activation })
      : steps.add({
          op: 'multiply',
          a: steps.add({ op: 'activate', x: steps.linear(x, gate), activation }),
          b: wide,
        })
  return steps.norm(steps.linear(inner, down), layer.feedForwardOutputNorm)
}

function project(steps: Steps, layer: LayerArchitecture, x: Value): Record<Projection, Value> {
  const { projections, attention } = layer
  if (projections.kind === 'separate')
    return {
      query: steps.linear(x, projections.query, () => 'query'),
      key: steps.linear(x, projections.key, () => 'key'),
      value: steps.linear(x, projections.value, () => 'value'),
    }
  const { linear, order } = projections
  const { heads, headDim } = attention
  const thirdOf = (output: number): number =>
    order === 'stacked' ? Math.floor(output / (heads * headDim)) : Math.floor(output / headDim) % 3
  const all = steps.linear(x, linear, (output) => projectionNames[thirdOf(output)]!)
  const third = (which: 0 | 1 | 2): Value => steps.add({ op: 'third', x: all, order, heads, which })
  return { query: third(0), key: third(1), value: third(2) }
}

function headSegment({ head, width, vocabulary }: Architecture, name: 'logits' | 'loss'): Segment | null {
  if (head === null) return null
  const steps = new Steps()
  const raw = steps.linear('final', head.linear)
  const logits = head.softCap === null ? raw : steps.add({ op: 'cap', x: raw, cap: head.softCap })
  const output =
    name === 'logits'
      ? { name, value: logits, width: vocabulary }
      : { name, value: steps.add({ op: 'loss', logits }), width: 1 }
  return { name, inputs: [{ name: 'final', width }], operations: steps.operations, outputs: [output] }
}

type WithoutOut<T> = T extends unknown ? Omit<T, 'out'> : never

/** Collects the steps of a segment and names their results. */
class Steps {
  readonly operations: Operation[] = []
  readonly gains: BiasGain[] = []

  add(step: WithoutOut<Operation>): Value {
    const out = `v${this.operations.length}`
    this.operations.push({ ...step, out } as Operation)
    return out
  }

  norm(x: Value, norm: Norm | null, groups = 1): Value {
    return norm === null ? x : this.add({ op: 'norm', x, norm, groups })
  }

  /** `of` makes the bias one with a gain. */
  linear(x: Value, linear: Linear, of: BiasGain['of'] | null = null): Value {
    let gain: BiasGain | null = null
    if (of !== null && linear.bias !== null) {
      gain = { input: `gain_${this.gains.length}`, outputs: linear.outputs, of }
      this.gains.push(gain)
    }
    return this.add({ op: 'linear', x, linear, gain })
  }
}
