import type * as TensorFlow from '@tensorflow/tfjs-node-gpu'
import type { Activation, Linear, Norm, Parameter, Rotary } from '../architecture.ts'
import type { Weights } from '../weights.ts'
import { blocksOf, visibleIn } from './blocks.ts'
import type { Interpreter, Rows, SegmentInputs } from './interpreter.ts'
import type { Operation, Segment } from './plan.ts'
import { rotaryTable } from './rotary.ts'

/** The module `@tensorflow/tfjs-node-gpu`, handed in: whoever loads it says so when it is not there. */
export type Tf = typeof TensorFlow

interface Matrix extends Rows {
  /** (rows, width) */
  readonly tensor: TensorFlow.Tensor2D
}

/** Cosines and sines of some positions, (T, 1, dim / 2). */
interface Table {
  readonly count: number
  readonly cos: TensorFlow.Tensor3D
  readonly sin: TensorFlow.Tensor3D
}

/**
 * The plan on TensorFlow, operation by operation, on the device that TensorFlow has: the way of a GPU. Weights are
 * copied to it when they are first needed, and stay there until it is closed.
 */
export function tensorflowInterpreter(tf: Tf, weights: Weights): Interpreter<Matrix> {
  const parameters = new Map<string, Promise<TensorFlow.Tensor>>()
  const load = (parameter: Parameter): Promise<TensorFlow.Tensor> => {
    const known = parameters.get(parameter.name)
    if (known !== undefined) return known
    const loaded = weights.read(parameter).then((values) => tf.tensor(values, [...parameter.shape]))
    parameters.set(parameter.name, loaded)
    loaded.catch(() => parameters.delete(parameter.name))
    return loaded
  }
  const tables = new Map<Rotary, Table>()
  const tableOf = (rotary: Rotary, count: number): Table => {
    const known = tables.get(rotary)
    if (known?.count === count) return known
    known?.cos.dispose()
    known?.sin.dispose()
    const { cos, sin } = rotaryTable(rotary, count)
    const shape: [number, number, number] = [count, 1, rotary.dim / 2]
    const table = { count, cos: tf.tensor3d(cos, shape), sin: tf.tensor3d(sin, shape) }
    tables.set(rotary, table)
    return table
  }
  const matrix = (tensor: TensorFlow.Tensor2D): Matrix => ({ tensor, rows: tensor.shape[0], width: tensor.shape[1] })

  return {
    async run<Name extends string>(segment: Segment, inputs: SegmentInputs<Matrix>, wanted: readonly Name[]) {
      const loaded = new Map<string, TensorFlow.Tensor>()
      for (const parameter of parametersOfSegment(segment)) loaded.set(parameter.name, await load(parameter))
      const rotated = segment.operations.flatMap((each) => (each.op === 'rotate' ? [each.rotary] : []))
      for (const rotary of rotated) tableOf(rotary, inputs.tokens.length) // outside of what is tidied up
      const results = tf.tidy(() => {
        const values = new Map<string, TensorFlow.Tensor2D>()
        for (const { name } of segment.inputs) values.set(name, inputs.values[name]!.tensor)
        for (const operation of segment.operations)
          values.set(operation.out, step(tf, operation, values, inputs, { loaded, tableOf }))
        return wanted.map((name) => tf.clone(values.get(segment.outputs.find((out) => out.name === name)!.value)!))
      })
      return Object.fromEntries(wanted.map((name, index) => [name, matrix(results[index]!)])) as Record<Name, Matrix>
    },

    async attend(rule, query, key, value) {
      const { heads, keyValueHeads, headDim, scale, softCap } = rule
      const context = tf.tidy(() => {
        const byHead = ({ tensor, rows }: Matrix, count: number): TensorFlow.Tensor3D =>
          tf.transpose(tf.reshape(tensor, [rows, count, headDim]), [1, 0, 2]) as TensorFlow.Tensor3D
        const queries = tf.mul(byHead(query, heads), scale) as TensorFlow.Tensor3D
        const keys = byHead(key, keyValueHeads)
        const values = byHead(value, keyValueHeads)
        const blocks = blocksOf(rule, query.rows).map((block) =>
          tf.tidy(() => {
            const [rows, count] = [block.end - block.first, block.endKey - block.firstKey]
            const part = (of: TensorFlow.Tensor3D, from: number, length: number): TensorFlow.Tensor3D =>
              tf.slice(of, [0, from, 0], [-1, length, -1])
            // The heads that share a key are one matrix: (keyValueHeads, heads / keyValueHeads * rows, headDim)
            const grouped = tf.reshape(part(queries, block.first, rows), [keyValueHeads, -1, headDim])
            const products = tf.matMul(grouped, part(keys, block.firstKey, count), false, true)
            const scores = tf.reshape(products, [heads, rows, count])
            const capped = softCap === null ? scores : tf.mul(tf.tanh(tf.div(scores, softCap)), softCap)
            const visible = tf.tensor(visibleIn(rule, block), [1, rows, count], 'bool')
            const seen = tf.where(
              tf.broadcastTo(visible, [heads, rows, count]),
              capped,
              tf.fill([heads, rows, count], -Infinity),
            )
            const shares = tf.reshape(tf.softmax(seen), [keyValueHeads, -1, count])
            const mixed = tf.reshape(tf.matMul(shares, part(values, block.firstKey, count)), [heads, rows, headDim])
            return tf.reshape(tf.transpose(mixed, [1, 0, 2]), [rows, heads * headDim]) as TensorFlow.Tensor2D
          }),
        )
        return tf.concat2d(blocks, 0)
      })
      return matrix(context)
    },

    read: async ({ tensor }) => (await tensor.data<'float32'>()).slice(),
    write: (values, rows, width) => matrix(tf.tensor2d(values, [rows, width])),
    slice: ({ tensor }, first, end) => matrix(tf.slice2d(tensor, [first, 0], [end - first, -1])),
    free: ({ tensor }) => tensor.dispose(),
    async close() {
      for (const { cos, sin } of tables.values()) tf.dispose([cos, sin])
      tables.clear()
      for (const parameter of await Promise.allSettled(parameters.values()))
        if (parameter.status === 'fulfilled') parameter.value.dispose()
      parameters.clear()
    },
  }
}

interface Context {
  readonly loaded: ReadonlyMap<string, TensorFlow.Tensor>
  readonly tableOf: (rotary: Rotary, count: number) => Table
}

function step(
  tf: Tf,
  operation: Operation,
  values: ReadonlyMap<string, TensorFlow.Tensor2D>,
  inputs: SegmentInputs<Matrix>,
  { loaded, tableOf }: Context,
): TensorFlow.Tensor2D {
  const value = (name: string): TensorFlow.Tensor2D => values.get(name)!
  const parameter = ({ name }: Parameter): TensorFlow.Tensor => loaded.get(name)!
  switch (operation.op) {
    case 'embed': {
      const indices = inputs.tokens.map((token, position) => ({ token, position, first: 0 })[operation.by])
      const rows = tf.gather(parameter(operation.table), tf.tensor1d(indices, 'int32'))
      return rows as TensorFlow.Tensor2D
    }
    case 'scale':
      return tf.mul(value(operation.x), operation.factor)
    case 'add':
      return tf.add(value(operation.a), value(operation.b))
    case 'multiply':
      return tf.mul(value(operation.a), value(operation.b))
    case 'norm': {
      const x = value(operation.x)
      const apart = tf.reshape(x, [x.shape[0], operation.groups, -1])
      return tf.reshape(normed(tf, apart, operation.norm, parameter), x.shape)
    }
    case 'linear': {
      const { linear, gain } = operation
      const product = tf.matMul(value(operation.x), parameter(linear.weight) as TensorFlow.Tensor2D, false, true)
      if (linear.bias === null) return product as TensorFlow.Tensor2D
      const bias = parameter(linear.bias)
      const gained = gain === null ? bias : tf.mul(bias, tf.tensor1d(inputs.gains[gain.input]!))
      return tf.add(product, gained) as TensorFlow.Tensor2D
    }
    case 'third': {
      const { order, heads, which } = operation
      const x = value(operation.x)
      const [rows, width] = x.shape
      const apart = tf.reshape(x, order === 'stacked' ? [rows, 1, 3, width / 3] : [rows, heads, 3, width / 3 / heads])
      return tf.reshape(tf.slice(apart, [0, 0, which, 0], [-1, -1, 1, -1]), [rows, width / 3])
    }
    case 'rotate': {
      const { heads, headDim, rotary } = operation
      const x = value(operation.x)
      const { cos, sin } = tableOf(rotary, x.shape[0])
      const byHead = tf.reshape(x, [x.shape[0], heads, headDim])
      const half = rotary.dim / 2
      const part = (from: number, length: number): TensorFlow.Tensor3D =>
        tf.slice(byHead, [0, 0, from], [-1, -1, length]) as TensorFlow.Tensor3D
      const [a, b] = [part(0, half), part(half, half)]
      const turned = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))]
      const rest = rotary.dim < headDim ? [part(rotary.dim, headDim - rotary.dim)] : []
      return tf.reshape(tf.concat([...turned, ...rest], 2), x.shape)
    }
    case 'activate':
      return activate(tf, value(operation.x), operation.activation)
    case 'cap':
      return tf.mul(tf.tanh(tf.div(value(operation.x), operation.cap)), operation.cap)
    case 'loss': {
      const logits = value(operation.logits)
      const rows = Array.from(inputs.targets, (target, row) => [row, target])
      const target = tf.gatherND(logits, tf.tensor2d(rows, [rows.length, 2], 'int32'))
      return tf.reshape(tf.sub(tf.logSumExp(logits, 1), target), [rows.length, 1])
    }
  }
}

/** Over the last axis. */
function normed(
  tf: Tf,
  x: TensorFlow.Tensor,
  { kind, weight, bias, epsilon, plusOne }: Norm,
  parameter: (of: Parameter) => TensorFlow.Tensor,
): TensorFlow.Tensor {
  const centred = kind === 'layer' ? tf.sub(x, tf.mean(x, -1, true)) : x
  const variance = tf.mean(tf.square(centred), -1, true)
  const scaled = tf.mul(
    tf.div(centred, tf.sqrt(tf.add(variance, epsilon))),
    plusOne ? tf.add(parameter(weight), 1) : parameter(weight),
  )
  return bias === null ? scaled : tf.add(scaled, parameter(bias))
}

function activate(tf: Tf, x: TensorFlow.Tensor2D, activation: Activation): TensorFlow.Tensor2D {
  switch (activation) {
    case 'relu':
      return tf.relu(x)
    case 'silu':
      return tf.mul(x, tf.sigmoid(x))
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))
    case 'gelu_tanh': {
      const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI))
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1))
    }
  }
}

function parametersOfSegment({ operations }: Segment): Parameter[] {
  const ofLinear = ({ weight, bias }: Linear): Parameter[] => (bias === null ? [weight] : [weight, bias])
  return operations.flatMap((operation) => {
    if (operation.op === 'embed') return [operation.table]
    if (operation.op === 'linear') return ofLinear(operation.linear)
    if (operation.op !== 'norm') return []
    const { weight, bias } = operation.norm
    return bias === null ? [weight] : [weight, bias]
  })
}
