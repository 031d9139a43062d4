import { selfAttention } from '../problem/problem.ts'
import type { AttentionProblem } from '../problem/problem.ts'
import type { Engine } from './engine.ts'

/** Greatest absolute difference from the reference that a sound float32 engine shows on the canary. */
const tolerance = 1e-5

/** A small problem that uses every part: biases, heads, output projection, more than one item. */
export function canaryProblem(seed: number): AttentionProblem {
  const [batch, length, dIn, heads, headDim] = [2, 10, 12, 2, 4]
  const width = heads * headDim
  // Values of -1 to 1 without a generator: any will do, as long as both sides see the same.
  const wave = (count: number, step: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * step))
  const projection = (inputs: number, step: number) => ({
    weight: wave(width * inputs, step).map((value) => value / Math.sqrt(inputs)),
    bias: wave(width, 3 * step),
  })
  return selfAttention({
    batch,
    length,
    dIn,
    heads,
    headDim,
    outputDim: width,
    input: wave(batch * length * dIn, 0.7),
    projections: {
      query: projection(dIn, 1.1),
      key: projection(dIn, 1.3),
      value: projection(dIn, 1.7),
      output: projection(width, 1.9),
    },
  })
}

/**
 * A real forward pass on the engine's device, held against the reference. A GPU whose context is poisoned can go on
 * answering with wrong numbers, so an engine serves only after this agreed. Throws with the reason.
 */
export async function verifyEngine(engine: Engine, reference: Engine): Promise<void> {
  const problem = canaryProblem(1)
  const wanted = { statistics: true }
  const [expected, found] = await Promise.all([reference.run(problem, wanted), engine.run(problem, wanted)])
  const differences = [
    difference(expected.context.data, found.context.data),
    difference(expected.rowStatistics!.entropy, found.rowStatistics!.entropy),
    difference(expected.rowStatistics!.maxWeight, found.rowStatistics!.maxWeight),
  ]
  const worst = Math.max(...differences)
  if (!(worst <= tolerance))
    throw new Error(`the ${engine.name} engine does not agree with the reference: it is off by ${worst}`)
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!)
    if (Number.isNaN(d)) return NaN // which is no agreement, whatever comes after it
    worst = Math.max(worst, d)
  }
  return worst
}
