import { bytes, float, integer, join, message, string } from './protobuf.ts'
import type { Message } from './protobuf.ts'

/** A value's name within a graph. */
export type Value = string

/** ONNX element types, by their numbers in TensorProto.DataType. */
const elementTypes = { float: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const
type ElementType = keyof typeof elementTypes

/** A whole number is an INT attribute, a list of them INTS, text STRING; `{ float }` makes a FLOAT of a number. */
type Attribute = number | string | readonly number[] | { readonly float: number }

interface Node {
  readonly operator: string
  readonly inputs: readonly Value[]
  readonly output: Value
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** Where the bytes of a constant lie, outside of the model. */
export interface ExternalData {
  /** The file's name, in the folder that the session is told. */
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

/** The domain of the operators that onnxruntime adds to ONNX's own. */
const microsoft = 'com.microsoft'

/**
 * Builds an ONNX model node by node; field numbers are those of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
export class Graph {
  readonly #nodes: Node[] = []
  readonly #constants: Message[] = []
  readonly #inputs: Message[] = []
  readonly #outputs = new Map<Value, string>()
  readonly #integers = new Map<string, Value>()
  readonly #external = new Map<string, Value>()
  readonly #opset: number
  #names = 0

  constructor({ opset = 18 } = {}) {
    this.#opset = opset
  }

  /** A node with one output. An operator of onnxruntime's own is written `com.microsoft.Name`. */
  op(operator: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const output = this.#name()
    this.#nodes.push({ operator, inputs, output, attributes })
    return output
  }

  /** A graph input of so many dimensions, whose lengths are known only when the graph runs. */
  input(name: string, type: ElementType, dimensions: number): Value {
    const unknown = Array.from({ length: dimensions }, () => message(1))
    this.#inputs.push(
      message(11, string(1, name), message(2, message(1, integer(1, elementTypes[type]), message(2, ...unknown)))),
    )
    return name
  }

  /** Hands the output of a node out under a name. */
  output(name: string, value: Value): void {
    this.#outputs.set(value, name)
  }

  constant(shape: readonly number[], data: Float32Array): Value {
    return this.#constant('float', shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }

  /** A constant of float32 that is read, or mapped, from a file; equal ones are shared. */
  external(shape: readonly number[], { file, offset, bytes }: ExternalData): Value {
    const key = `${file} ${offset}`
    const known = this.#external.get(key)
    if (known !== undefined) return known
    const name = this.#name()
    const entry = (key: string, value: string): Message => message(13, string(1, key), string(2, value))
    this.#constants.push(
      message(
        5,
        ...shape.map((length) => integer(1, length)),
        integer(2, elementTypes.float),
        string(8, name),
        entry('location', file),
        entry('offset', String(offset)),
        entry('length', String(bytes)),
        integer(14, 1),
      ),
    )
    this.#external.set(key, name)
    return name
  }

  /** A one-dimensional constant of whole numbers; equal ones are shared. */
  integers(...values: number[]): Value {
    const key = values.join(' ')
    const known =
      this.#integers.get(key) ??
      this.#constant('int64', [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer))
    this.#integers.set(key, known)
    return known
  }

  /** The model as bytes that onnxruntime loads. */
  model(): Uint8Array {
    const outputs = [...this.#outputs.values()].map((name) =>
      message(12, string(1, name), message(2, message(1, integer(1, elementTypes.float)))),
    )
    return join([
      ...integer(1, 8),
      ...message(
        7,
        ...this.#nodes.map((node) => this.#encode(node)),
        string(2, 'attention'),
        ...this.#constants,
        ...this.#inputs,
        ...outputs,
      ),
      ...message(8, string(1, ''), integer(2, this.#opset)),
      ...message(8, string(1, microsoft), integer(2, 1)),
    ])
  }

  #encode({ operator, inputs, output, attributes }: Node): Message {
    const named = (value: Value): string => this.#outputs.get(value) ?? value
    const own = operator.startsWith(`${microsoft}.`)
    return message(
      1,
      ...inputs.map((input) => string(1, named(input))),
      string(2, named(output)),
      string(4, own ? operator.slice(microsoft.length + 1) : operator),
      ...Object.entries(attributes).map(([name, value]) => message(5, string(1, name), ...attribute(value))),
      ...(own ? [string(7, microsoft)] : []),
    )
  }

  #constant(type: ElementType, shape: readonly number[], data: Uint8Array): Value {
    const name = this.#name()
    this.#constants.push(
      message(
        5,
        ...shape.map((length) => integer(1, length)),
        integer(2, elementTypes[type]),
        string(8, name),
        bytes(9, data),
      ),
    )
    return name
  }

  #name(): Value {
    return `v${this.#names++}`
  }
}

function attribute(value: Attribute): Message[] {
  if (typeof value === 'number') return [integer(3, value), integer(20, 2)]
  if (typeof value === 'string') return [string(4, value), integer(20, 3)]
  if ('float' in value) return [float(2, value.float), integer(20, 1)]
  return [...value.map((each) => integer(8, each)), integer(20, 7)]
}
