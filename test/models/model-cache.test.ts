import { expect, it } from 'vitest'
import { drawModel } from '../../src/models/build.ts'
import { cachedModel } from '../../src/models/model-cache.ts'
import type { Model } from '../../src/models/build.ts'
import type { ModelSpec } from '../../src/models/spec.ts'

/** A million parameters: the cache holds fewer than 20 of them. */
const spec: ModelSpec = { kind: 'multi-head', dIn: 512, dOut: 512, contextLength: 8, numHeads: 8, dropout: 0, qkvBias: false, outProj: true }
const enoughToEvict = 20

const arrays = ({ parameters }: Model): Float32Array[] => [...parameters.values()].map(({ data }) => data)
const expectDrawn = (model: Model, seed: number): void => {
  expect(arrays(model).every((array, i) => Buffer.from(array.buffer).equals(Buffer.from(arrays(drawModel(spec, seed))[i]!.buffer)))).toBe(true)
}
const evictAll = (firstSeed: number): Float32Array[] => Array.from({ length: enoughToEvict }, (_, i) => {
  const { model, end } = cachedModel(spec, firstSeed + i)
  end()
  return arrays(model)
}).flat()

it('a model in use keeps its memory, however many others come; afterwards the next models have it, as arrays of their own', () => {
  const { model, end } = cachedModel(spec, 1)
  const mine = arrays(model)
  const memory = mine.map(({ buffer }) => buffer)
  expect(evictAll(100).some(({ buffer }) => memory.includes(buffer))).toBe(false)
  expectDrawn(model, 1)
  end()
  const next = evictAll(200)
  expect(next.some(({ buffer }) => memory.includes(buffer))).toBe(true)
  expect(next.some((array) => mine.includes(array))).toBe(false) // engines know parameters by their arrays
})

it('two that use a model end it only together', () => {
  const [one, other] = [cachedModel(spec, 2), cachedModel(spec, 2)]
  expect(other.model).toBe(one.model)
  one.end()
  evictAll(300)
  expectDrawn(other.model, 2)
  other.end()
})

it('a model in memory that another had is the one of its seed', () => {
  evictAll(400)
  for (const seed of [400, 999]) {
    const { model, end } = cachedModel(spec, seed)
    expectDrawn(model, seed)
    end()
  }
})
