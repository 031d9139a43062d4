import { afterAll, describe, expect, it } from 'vitest'
import { defaultEnvironment } from '../../../src/config.ts'
import { directEngine } from '../../../src/engines/direct/index.ts'
import { openOnnxruntime } from '../../../src/engines/onnxruntime/index.ts'
import { referenceEngine } from '../../../src/engines/reference/index.ts'
import { modelClasses } from '../../../src/sources/chapter-3/classes.ts'
import type { NamedParameters } from '../../../src/sources/source.ts'
import { selfAttention } from '../../../src/problem/problem.ts'
import { headDim, outputDim } from '../../../src/sources/chapter-3/spec.ts'
import type { ModelSpec } from '../../../src/sources/chapter-3/spec.ts'
import { sizeOf, tensor } from '../../../src/tensor/tensor.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { uniform } from '../../conformance/problems.ts'

const [batch, seqLen, dIn, perHead, numHeads] = [3, 7, 5, 4, 3]
const wrapper: ModelSpec = {
  kind: 'multi-head-wrapper',
  dIn,
  dOut: perHead,
  contextLength: seqLen,
  numHeads,
  dropout: 0,
  qkvBias: true,
  outProj: true,
}
const batched: ModelSpec = { ...wrapper, kind: 'multi-head', dOut: perHead * numHeads }
const causal: ModelSpec = { ...wrapper, kind: 'causal', numHeads: 1, outProj: false }

const random = uniform('equal forms')
const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random() * 2 - 1)
const input = draw(batch * seqLen * dIn)

function drawParameters(spec: ModelSpec): NamedParameters {
  return new Map(
    Array.from(modelClasses[spec.kind].parameters(spec), ({ name, shape }) => [
      name,
      tensor(shape, draw(sizeOf(shape))),
    ]),
  )
}

/** The wrapper's parameters under the batched form's names: the heads' Linears stacked, head 0's rows first. */
function copied(from: NamedParameters): NamedParameters {
  const to = new Map<string, Tensor>([...from].filter(([name]) => name.startsWith('out_proj')))
  for (const name of ['W_query', 'W_key', 'W_value']) {
    for (const part of ['weight', 'bias']) {
      const heads = Array.from({ length: numHeads }, (_, head) => from.get(`heads.${head}.${name}.${part}`)!)
      const [rows, ...rest] = heads[0]!.shape
      to.set(
        `${name}.${part}`,
        tensor([rows! * numHeads, ...rest], Float32Array.from(heads.flatMap(({ data }) => [...data]))),
      )
    }
  }
  return to
}

function problemOf(spec: ModelSpec, parameters: NamedParameters) {
  return selfAttention({
    batch,
    length: seqLen,
    dIn,
    heads: spec.numHeads,
    headDim: headDim(spec),
    outputDim: spec.outProj ? outputDim(spec) : 0,
    input,
    projections: modelClasses[spec.kind].lower(spec, parameters),
  })
}

const onnxruntime = await openOnnxruntime({ device: 'cpu', threads: 1, setEnvironment: defaultEnvironment })
afterAll(() => onnxruntime.close())

const plain = [referenceEngine('test'), directEngine('test')]

describe.each([...plain, onnxruntime])('on $name', (engine) => {
  it('the wrapper and the batched form are equal on the same parameters', async () => {
    const parameters = drawParameters(wrapper)
    const one = await engine.run(problemOf(wrapper, parameters), { statistics: true, weights: true })
    const other = await engine.run(problemOf(batched, copied(parameters)), { statistics: true, weights: true })
    expect(one.context).toEqual(other.context)
    expect(one.weights!.blocks).toEqual(other.weights!.blocks)
    expect(one.rowStatistics).toEqual(other.rowStatistics)
    expect(new Set(one.context.data).size).toBeGreaterThan(batch * seqLen) // not all the same number
  })
})

// A matrix library may add up in another order when there are fewer columns, so not to the bit there.
describe.each(plain)('on $name', (engine) => {
  it('a head of the wrapper is a causal model with its parameters', async () => {
    const parameters = drawParameters(wrapper)
    const all = await engine.run(problemOf(wrapper, parameters), { weights: true, contextHeads: true })
    for (let head = 0; head < numHeads; head++) {
      const own = new Map(
        [...parameters]
          .filter(([name]) => name.startsWith(`heads.${head}.`))
          .map(([name, value]) => [name.replace(`heads.${head}.`, ''), value]),
      )
      const one = await engine.run(problemOf(causal, own), { weights: true })
      const part = seqLen * perHead
      for (let item = 0; item < batch; item++) {
        for (let query = 0; query < seqLen; query++)
          expect(all.weights!.row(item, head, query)).toEqual(one.weights!.row(item, 0, query))
        const from = (item * numHeads + head) * part
        expect(all.contextHeads!.data.subarray(from, from + part)).toEqual(
          one.context.data.subarray(item * part, (item + 1) * part),
        )
      }
    }
  })
})
