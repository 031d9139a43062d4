import type { AttentionRule, Activation, Linear, Norm, Parameter } from '../architecture.ts'
import type { Weights } from '../weights.ts'
import type { Interpreter, Rows, SegmentInputs } from './interpreter.ts'
import type { Operation, Segment } from './plan.ts'
import { rotaryTable } from './rotary.ts'

interface Matrix extends Rows {
  readonly data: Float64Array
}

/**
 * The plan in float64, each step as its definition says: what other interpreters are measured against. It is slow, and
 * meant for small models.
 */
export function referenceInterpreter(weights: Weights): Interpreter<Matrix> {
  const parameters = new Map<string, Promise<Float32Array>>()
  const read = (parameter: Parameter): Promise<Float32Array> => {
    const known = parameters.get(parameter.name) ?? weights.read(parameter)
    parameters.set(parameter.name, known)
    return known
  }
  return {
    async run<Name extends string>(segment: Segment, inputs: SegmentInputs<Matrix>, wanted: readonly Name[]) {
      const values = new Map(Object.entries(inputs.values))
      for (const operation of segment.operations)
        values.set(operation.out, await compute(operation, (name) => values.get(name)!, inputs, read))
      const named = wanted.map((name) => [name, values.get(segment.outputs.find((out) => out.name === name)!.value)!])
      return Object.fromEntries(named) as Record<Name, Matrix>
    },
    attend: async (rule, query, key, value) => attend(rule, query, key, value),
    read: async ({ data }) => Float32Array.from(data),
    write: (values, rows, width) => ({ rows, width, data: Float64Array.from(values) }),
    slice: ({ data, width }, first, end) => ({
      rows: end - first,
      width,
      data: data.slice(first * width, end * width),
    }),
    free() {},
    async close() {
      parameters.clear()
    },
  }
}

type Read = (parameter: Parameter) => Promise<Float32Array>

async function compute(
  operation: Operation,
  value: (name: string) => Matrix,
  inputs: SegmentInputs<Matrix>,
  read: Read,
): Promise<Matrix> {
  switch (operation.op) {
    case 'embed': {
      const indices = inputs.tokens.map((token, position) => ({ token, position, first: 0 })[operation.by])
      return embed(await read(operation.table), operation.table.shape[1]!, indices)
    }
    case 'scale':
      return mapped(value(operation.x), (x) => x * operation.factor)
    case 'add':
      return combined(value(operation.a), value(operation.b), (a, b) => a + b)
    case 'multiply':
      return combined(value(operation.a), value(operation.b), (a, b) => a * b)
    case 'norm':
      return norm(value(operation.x), operation.norm, operation.groups, read)
    case 'linear': {
      const { x, gain } = operation
      return linear(value(x), operation.linear, gain === null ? null : inputs.gains[gain.input]!, read)
    }
    case 'third':
      return third(value(operation.x), operation)
    case 'rotate':
      return rotate(value(operation.x), operation)
    case 'activate':
      return mapped(value(operation.x), activations[operation.activation])
    case 'cap':
      return mapped(value(operation.x), (x) => operation.cap * Math.tanh(x / operation.cap))
    case 'loss':
      return loss(value(operation.logits), inputs.targets)
  }
}

function mapped(x: Matrix, f: (x: number) => number): Matrix {
  return { ...x, data: x.data.map(f) }
}

function combined(a: Matrix, b: Matrix, f: (a: number, b: number) => number): Matrix {
  return { ...a, data: a.data.map((each, index) => f(each, b.data[index]!)) }
}

function embed(table: Float32Array, width: number, indices: readonly number[]): Matrix {
  const data = new Float64Array(indices.length * width)
  for (const [row, index] of indices.entries())
    data.set(table.subarray(index * width, (index + 1) * width), row * width)
  return { rows: indices.length, width, data }
}

async function norm(x: Matrix, { kind, epsilon, plusOne, ...of }: Norm, groups: number, read: Read): Promise<Matrix> {
  const weight = await read(of.weight)
  const bias = of.bias === null ? null : await read(of.bias)
  const size = x.width / groups
  const data = new Float64Array(x.data.length)
  for (let from = 0; from < data.length; from += size) {
    const part = x.data.subarray(from, from + size)
    const mean = kind === 'layer' ? part.reduce((sum, each) => sum + each, 0) / size : 0
    const variance = part.reduce((sum, each) => sum + (each - mean) ** 2, 0) / size
    for (let i = 0; i < size; i++) {
      const factor = plusOne ? 1 + weight[i]! : weight[i]!
      data[from + i] = ((part[i]! - mean) / Math.sqrt(variance + epsilon)) * factor + (bias === null ? 0 : bias[i]!)
    }
  }
  return { ...x, data }
}

async function linear(x: Matrix, of: Linear, gains: Float32Array | null, read: Read): Promise<Matrix> {
  const weight = await read(of.weight)
  const bias = of.bias === null ? null : await read(of.bias)
  const { inputs, outputs } = of
  const data = new Float64Array(x.rows * outputs)
  for (let row = 0; row < x.rows; row++) {
    const from = x.data.subarray(row * inputs, (row + 1) * inputs)
    for (let output = 0; output < outputs; output++) {
      let sum = 0
      for (let input = 0; input < inputs; input++) sum += from[input]! * weight[output * inputs + input]!
      data[row * outputs + output] = sum + (bias === null ? 0 : bias[output]! * (gains === null ? 1 : gains[output]!))
    }
  }
  return { rows: x.rows, width: outputs, data }
}

function third(
  x: Matrix,
  { order, heads, which }: { order: 'stacked' | 'by_head'; heads: number; which: number },
): Matrix {
  const width = x.width / 3
  const headDim = width / heads
  const data = new Float64Array(x.rows * width)
  for (let row = 0; row < x.rows; row++) {
    for (let head = 0; head < heads; head++) {
      const part = order === 'stacked' ? which * heads + head : head * 3 + which
      const from = row * x.width + part * headDim
      data.set(x.data.subarray(from, from + headDim), row * width + head * headDim)
    }
  }
  return { rows: x.rows, width, data }
}

function rotate(x: Matrix, { heads, headDim, rotary }: Extract<Operation, { op: 'rotate' }>): Matrix {
  const { cos, sin } = rotaryTable(rotary, x.rows)
  const half = rotary.dim / 2
  const data = x.data.slice()
  for (let row = 0; row < x.rows; row++) {
    for (let head = 0; head < heads; head++) {
      const from = row * x.width + head * headDim
      for (let pair = 0; pair < half; pair++) {
        const [a, b] = [x.data[from + pair]!, x.data[from + half + pair]!]
        const [c, s] = [cos[row * half + pair]!, sin[row * half + pair]!]
        data[from + pair] = a * c - b * s
        data[from + half + pair] = b * c + a * s
      }
    }
  }
  return { ...x, data }
}

const activations: Readonly<Record<Activation, (x: number) => number>> = {
  gelu: (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2)),
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  silu: (x) => x / (1 + Math.exp(-x)),
  relu: (x) => Math.max(0, x),
}

/** erf to about 1e-16: its series where that converges fast, else a continued fraction of erfc. */
function errorFunction(x: number): number {
  const z = Math.abs(x)
  if (z > 6) return Math.sign(x)
  if (z < 2.5) {
    let term = z
    let sum = z
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (-z * z) / n
      sum += term / (2 * n + 1)
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let k = 60; k > 0; k--) fraction = k / 2 / (z + fraction)
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)))
}

function loss(logits: Matrix, targets: readonly number[]): Matrix {
  const data = Float64Array.from({ length: logits.rows }, (_, row) => {
    const of = logits.data.subarray(row * logits.width, (row + 1) * logits.width)
    const greatest = of.reduce((most, each) => Math.max(most, each), -Infinity)
    const sum = of.reduce((total, each) => total + Math.exp(each - greatest), 0)
    return greatest + Math.log(sum) - of[targets[row]!]!
  })
  return { rows: logits.rows, width: 1, data }
}

function attend(rule: AttentionRule, query: Matrix, key: Matrix, value: Matrix): Matrix {
  const { heads, keyValueHeads, headDim, scale, causal, window, softCap } = rule
  const data = new Float64Array(query.data.length)
  for (let head = 0; head < heads; head++) {
    const at = head * headDim
    const keyAt = Math.floor((head * keyValueHeads) / heads) * headDim
    for (let row = 0; row < query.rows; row++) {
      const first = window === null ? 0 : Math.max(0, row - window + 1)
      const end = causal ? row + 1 : key.rows
      const scores = new Float64Array(end - first)
      for (let j = first; j < end; j++) {
        let sum = 0
        for (let i = 0; i < headDim; i++)
          sum += query.data[row * query.width + at + i]! * key.data[j * key.width + keyAt + i]!
        const score = sum * scale
        scores[j - first] = softCap === null ? score : softCap * Math.tanh(score / softCap)
      }
      const greatest = scores.reduce((most, each) => Math.max(most, each), -Infinity)
      const shares = scores.map((score) => Math.exp(score - greatest))
      const total = shares.reduce((sum, each) => sum + each, 0)
      for (let j = first; j < end; j++) {
        const weight = shares[j - first]! / total
        for (let i = 0; i < headDim; i++)
          data[row * query.width + at + i]! += weight * value.data[j * value.width + keyAt + i]!
      }
    }
  }
  return { ...query, data }
}
