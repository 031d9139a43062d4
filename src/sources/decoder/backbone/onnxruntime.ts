import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { giveBackFloats, takeFloats } from '../../../tensor/float-memory.ts'
import type { Rotary } from '../architecture.ts'
import type { Weights } from '../weights.ts'
import { blocksOf, visibleIn } from './blocks.ts'
import type { Interpreter, Rows, SegmentInputs } from './interpreter.ts'
import {
  attendGraph,
  outputName,
  positionsInput,
  rotariesOf,
  rotaryInputs,
  segmentGraph,
  targetsInput,
  tokensInput,
} from './onnx-graphs.ts'
import type { Segment } from './plan.ts'
import { rotaryTable } from './rotary.ts'
import type { RotaryTable } from './rotary.ts'

/** The module `onnxruntime-node`, handed in: whoever loads it says so when it is not there. */
export type Runtime = Pick<typeof import('onnxruntime-node'), 'InferenceSession' | 'Tensor'>

interface Matrix extends Rows {
  readonly data: Float32Array
}

export interface OnnxruntimeBackboneOptions {
  /** Cores that this process may call its own. */
  readonly threads: number
}

/**
 * The plan on onnxruntime, one session a segment. Weights are constants that lie in the file of weights: onnxruntime
 * maps them, so that they are neither copied nor read before they are needed, and all sessions and processes share
 * them. Sessions are made when they are first needed.
 */
export function onnxruntimeInterpreter(
  runtime: Runtime,
  weights: Weights,
  { threads }: OnnxruntimeBackboneOptions,
): Interpreter<Matrix> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: false,
    enableCpuMemArena: false, // each session would keep the most it has ever needed; a tenth slower, half the memory
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: weights.folder,
        disable_prepacking: '1', // it would copy every weight, to be less than a tenth faster
        intra_op: { allow_spinning: '0' },
      },
    },
  }
  const sessions = new Map<string, Promise<InferenceSession>>()
  const sessionOf = (name: string, build: () => Uint8Array): Promise<InferenceSession> => {
    const known = sessions.get(name)
    if (known !== undefined) return known
    const session = runtime.InferenceSession.create(build(), options)
    sessions.set(name, session)
    session.catch(() => sessions.delete(name))
    return session
  }
  const tables = new Map<Rotary, RotaryTable & { count: number }>()
  const tableOf = (rotary: Rotary, count: number): RotaryTable => {
    const known = tables.get(rotary)
    if (known !== undefined && known.count >= count) return known
    const table = { ...rotaryTable(rotary, count), count }
    tables.set(rotary, table)
    return table
  }
  const floats = (data: Float32Array, shape: readonly number[]): Tensor => new runtime.Tensor('float32', data, shape)
  const whole = (values: readonly number[], shape: readonly number[]): Tensor =>
    new runtime.Tensor('int64', BigInt64Array.from(values, BigInt), shape)

  function feedsOf(
    segment: Segment,
    { values, tokens, gains, targets }: SegmentInputs<Matrix>,
  ): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {}
    for (const { name, width } of segment.inputs) feeds[name] = floats(values[name]!.data, [values[name]!.rows, width])
    for (const operation of segment.operations) {
      if (operation.op === 'embed' && operation.by === 'token') feeds[tokensInput] = whole(tokens, [tokens.length])
      if (operation.op === 'embed' && operation.by === 'position')
        feeds[positionsInput] = whole([...tokens.keys()], [tokens.length])
      if (operation.op === 'linear' && operation.gain !== null)
        feeds[operation.gain.input] = floats(gains[operation.gain.input]!, [operation.gain.outputs])
      if (operation.op === 'loss') feeds[targetsInput] = whole(targets, [targets.length, 1])
    }
    for (const [index, rotary] of rotariesOf(segment).entries()) {
      const table = tableOf(rotary, tokens.length)
      const pairs = rotary.dim / 2
      for (const name of ['cos', 'sin'] as const) {
        const used = table[name].subarray(0, tokens.length * pairs)
        feeds[rotaryInputs(index)[name]] = floats(used, [1, tokens.length, pairs])
      }
    }
    return feeds
  }

  const matrix = (rows: number, width: number): Matrix => ({ rows, width, data: takeFloats(rows * width) })

  return {
    async run<Name extends string>(segment: Segment, inputs: SegmentInputs<Matrix>, wanted: readonly Name[]) {
      const session = await sessionOf(segment.name, () => segmentGraph(segment, weights))
      const rows = Object.values(inputs.values)[0]?.rows ?? inputs.tokens.length
      const results = wanted.map((name) => matrix(rows, segment.outputs.find((output) => output.name === name)!.width))
      const fetches = Object.fromEntries(
        wanted.map((name, index) => [outputName(name), floats(results[index]!.data, [rows, results[index]!.width])]),
      )
      await session.run(feedsOf(segment, inputs), fetches)
      return Object.fromEntries(wanted.map((name, index) => [name, results[index]!])) as Record<Name, Matrix>
    },
    async attend(rule, query, key, value) {
      const { heads, keyValueHeads, headDim, scale, softCap } = rule
      const structure = `attend ${heads} ${keyValueHeads} ${headDim} ${scale} ${softCap}`
      const session = await sessionOf(structure, () => attendGraph(rule))
      const context = matrix(query.rows, query.width)
      const rowsOf = ({ data, width }: Matrix, first: number, end: number): Tensor =>
        floats(data.subarray(first * width, end * width), [end - first, width])
      for (const block of blocksOf(rule, query.rows)) {
        const { first, end, firstKey, endKey } = block
        await session.run(
          {
            query: rowsOf(query, first, end),
            key: rowsOf(key, firstKey, endKey),
            value: rowsOf(value, firstKey, endKey),
            visible: new runtime.Tensor('bool', visibleIn(rule, block), [end - first, endKey - firstKey]),
          },
          { context: rowsOf(context, first, end) },
        )
      }
      return context
    },
    read: async ({ data }) => data.slice(),
    write: (values, rows, width) => {
      const made = matrix(rows, width)
      made.data.set(values)
      return made
    },
    slice: ({ data, width }, first, end) => {
      const made = matrix(end - first, width)
      made.data.set(data.subarray(first * width, end * width))
      return made
    },
    free: ({ data }) => giveBackFloats(data),
    async close() {
      const opened = [...sessions.values()]
      sessions.clear()
      for (const session of await Promise.allSettled(opened))
        if (session.status === 'fulfilled') await session.value.release()
    },
  }
}
