import type { DropoutMask } from '../../src/problem/dropout.ts'
import type { Projection, Projections } from '../../src/problem/operands.ts'
import { selfAttention } from '../../src/problem/problem.ts'
import type { AttentionProblem } from '../../src/problem/problem.ts'

/** A problem to draw: everything that shapes an engine's way through it. */
export interface ProblemCase {
  readonly name: string
  readonly batch: number
  readonly seqLen: number
  readonly dIn: number
  readonly numHeads: number
  readonly numKeyValueHeads?: number
  readonly headDim: number
  /** Which projections have a bias, of q, k, v and o. */
  readonly biases?: string
  /** Width of the output projection; absent where there is none. */
  readonly outputDim?: number
  /** The queries' and keys' parameters are multiplied by this: large ones give peaked weights. */
  readonly sharpness?: number
  /** Train mode: probability with which a weight is dropped. */
  readonly dropout?: number
}

export const problemCases: readonly ProblemCase[] = [
  { name: 'the study: B 5, T 8', batch: 5, seqLen: 8, dIn: 20, numHeads: 2, headDim: 8, outputDim: 16, biases: 'o' },
  {
    name: 'the wrapper: full width heads',
    batch: 5,
    seqLen: 8,
    dIn: 20,
    numHeads: 2,
    headDim: 16,
    outputDim: 32,
    biases: 'qkvo',
  },
  { name: 'one head, no projection after it', batch: 2, seqLen: 6, dIn: 3, numHeads: 1, headDim: 2 },
  { name: 'one token', batch: 3, seqLen: 1, dIn: 4, numHeads: 2, headDim: 3, outputDim: 6, biases: 'o' },
  { name: 'two tokens', batch: 1, seqLen: 2, dIn: 4, numHeads: 2, headDim: 3 },
  { name: 'one input feature', batch: 2, seqLen: 9, dIn: 1, numHeads: 2, headDim: 4 },
  { name: 'heads of one', batch: 2, seqLen: 9, dIn: 5, numHeads: 3, headDim: 1, outputDim: 3 },
  { name: 'everything is one', batch: 1, seqLen: 1, dIn: 1, numHeads: 1, headDim: 1 },
  {
    name: 'a narrow input and a wide output',
    batch: 1,
    seqLen: 11,
    dIn: 3,
    numHeads: 7,
    headDim: 5,
    outputDim: 13,
    biases: 'kv',
  },
  { name: 'a bias on the queries only', batch: 2, seqLen: 7, dIn: 6, numHeads: 2, headDim: 4, biases: 'q' },
  { name: 'a bias on the keys only', batch: 2, seqLen: 7, dIn: 6, numHeads: 2, headDim: 4, biases: 'k' },
  { name: 'a bias on the values only', batch: 2, seqLen: 7, dIn: 6, numHeads: 2, headDim: 4, biases: 'v' },
  {
    name: 'an output projection without a bias',
    batch: 2,
    seqLen: 7,
    dIn: 6,
    numHeads: 2,
    headDim: 4,
    outputDim: 8,
    biases: 'qkv',
  },
  {
    name: 'grouped queries',
    batch: 2,
    seqLen: 10,
    dIn: 6,
    numHeads: 6,
    numKeyValueHeads: 2,
    headDim: 4,
    outputDim: 24,
    biases: 'qkvo',
  },
  { name: 'peaked weights', batch: 2, seqLen: 40, dIn: 16, numHeads: 2, headDim: 8, outputDim: 16, sharpness: 8 },
  {
    name: 'weights that are almost one-hot',
    batch: 1,
    seqLen: 130,
    dIn: 16,
    numHeads: 2,
    headDim: 8,
    outputDim: 16,
    sharpness: 60,
  },
  {
    name: 'train mode',
    batch: 3,
    seqLen: 12,
    dIn: 8,
    numHeads: 2,
    headDim: 4,
    outputDim: 8,
    biases: 'qkvo',
    dropout: 0.5,
  },
  { name: 'train mode over several blocks', batch: 2, seqLen: 150, dIn: 8, numHeads: 3, headDim: 4, dropout: 0.1 },
  { name: 'T 127', batch: 1, seqLen: 127, dIn: 10, numHeads: 2, headDim: 8, outputDim: 16, biases: 'o' },
  { name: 'T 128', batch: 2, seqLen: 128, dIn: 10, numHeads: 2, headDim: 8, outputDim: 16, biases: 'o' },
  { name: 'T 129', batch: 2, seqLen: 129, dIn: 10, numHeads: 2, headDim: 8, outputDim: 16, biases: 'o' },
  { name: 'T 200', batch: 1, seqLen: 200, dIn: 12, numHeads: 3, headDim: 8, biases: 'qkv' },
  { name: 'T 300', batch: 3, seqLen: 300, dIn: 6, numHeads: 2, headDim: 6, outputDim: 12, biases: 'qo' },
  { name: 'width 384', batch: 1, seqLen: 96, dIn: 384, numHeads: 6, headDim: 64, outputDim: 384, biases: 'qkvo' },
]

/** A case's problem; the same one each time. */
export function drawProblem(of: ProblemCase): AttentionProblem {
  const random = uniform(of.name)
  const fill = (length: number, bound: number): Float32Array =>
    Float32Array.from({ length }, () => (random() * 2 - 1) * bound)
  const { batch, seqLen, dIn, numHeads, headDim, numKeyValueHeads = numHeads, biases = '', sharpness = 1 } = of
  const width = numHeads * headDim
  const projection = (name: string, outputs: number, inputs: number, times = 1): Projection => ({
    weight: fill(outputs * inputs, times / Math.sqrt(inputs)),
    bias: biases.includes(name) ? fill(outputs, times / Math.sqrt(inputs)) : null,
  })
  return selfAttention({
    batch,
    length: seqLen,
    dIn,
    heads: numHeads,
    keyValueHeads: numKeyValueHeads,
    headDim,
    outputDim: of.outputDim ?? 0,
    input: fill(batch * seqLen * dIn, Math.sqrt(3)), // variance 1
    projections: {
      query: projection('q', width, dIn, sharpness),
      key: projection('k', numKeyValueHeads * headDim, dIn, sharpness),
      value: projection('v', numKeyValueHeads * headDim, dIn),
      output: of.outputDim === undefined ? null : projection('o', of.outputDim, width),
    },
    dropout: of.dropout === undefined ? null : drawMask(random, batch * numHeads * seqLen * seqLen, of.dropout),
  })
}

/** The one input of a problem of self-attention. */
export function inputOf({ operands }: AttentionProblem): Float32Array {
  if (operands.kind !== 'projected') throw new TypeError('no input')
  return operands.queryInput
}

/** The same problem on another input. */
export function withInput(problem: AttentionProblem, input: Float32Array): AttentionProblem {
  const operands = { ...problem.operands, queryInput: input, keyInput: input, valueInput: input }
  return { ...problem, operands: operands as AttentionProblem['operands'] }
}

/** The same problem without values: one of maps alone. */
export function withoutValues(problem: AttentionProblem): AttentionProblem {
  const { operands } = problem
  if (operands.kind !== 'projected') throw new TypeError('no projections')
  const projections: Projections = { ...operands.projections, value: null, output: null }
  return { ...problem, operands: { ...operands, projections }, dropout: null }
}

function drawMask(random: () => number, length: number, dropout: number): DropoutMask {
  return { keep: Uint8Array.from({ length }, () => (random() < dropout ? 0 : 1)), keepProbability: 1 - dropout }
}

/** mulberry32, seeded by a text: uniform in [0, 1). */
export function uniform(text: string): () => number {
  let state = [...text].reduce((hash, character) => Math.imul(hash ^ character.codePointAt(0)!, 0x01000193), 0x811c9dc5)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
