import { drawInput } from '../sources/input.ts'
import { drawModel } from '../sources/chapter-3/build.ts'
import { attentionProblem } from '../sources/chapter-3/problem.ts'
import type { AttentionProblem } from '../problem/problem.ts'
import { headDim, outputDim } from '../sources/chapter-3/spec.ts'
import type { ModelSpec } from '../sources/chapter-3/spec.ts'
import type { Engine } from './engine.ts'

/** Greatest absolute difference from the reference that a sound float32 engine shows on the canary. */
const tolerance = 1e-5

const spec: ModelSpec = {
  kind: 'multi-head',
  dIn: 12,
  dOut: 8,
  contextLength: 10,
  numHeads: 2,
  dropout: 0,
  qkvBias: true,
  outProj: true,
}

/** A small problem that uses every part: biases, heads, output projection, more than one item. */
export function canaryProblem(seed: number): AttentionProblem {
  const model = drawModel(spec, seed)
  const batch = 2
  const seqLen = spec.contextLength
  return attentionProblem({
    spec,
    batch,
    seqLen,
    headDim: headDim(spec),
    outputDim: outputDim(spec),
    projections: model.projections,
    input: drawInput([batch, seqLen, spec.dIn], seed, 0).data,
    dropout: null,
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
    if (!(d <= worst)) worst = d // a NaN is taken up, too
  }
  return worst
}
