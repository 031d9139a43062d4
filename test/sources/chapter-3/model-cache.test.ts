import { expect, it } from 'vitest'
import { drawModel } from '../../../src/sources/chapter-3/build.ts'
import { cachedModel } from '../../../src/sources/chapter-3/model-cache.ts'
import type { Model } from '../../../src/sources/chapter-3/build.ts'
import type { ModelSpec } from '../../../src/sources/chapter-3/spec.ts'

/** A million parameters: the cache holds fewer than 20 of them. */
const spec: ModelSpec = {
  kind: 'multi-head',
  dIn: 512,
  dOut: 512,
  contextLength: 8,
  numHeads: 8,
  dropout: 0,
  qkvBias: false,
  outProj: true,
}
const enoughToEvict = 20

const expectDrawn = ({ parameters }: Model, seed: number): void =>
  expect(parameters).toEqual(drawModel(spec, seed).parameters)
const evictAll = (firstSeed: number): void => {
  for (let i = 0; i < enoughToEvict; i++) cachedModel(spec, firstSeed + i, false).end()
}

it('a model in use keeps its memory, however many others come; afterwards it is given back', () => {
  const { value: model, end } = cachedModel(spec, 1, false)
  evictAll(100)
  expectDrawn(model, 1)
  end()
  evictAll(200)
  expect(model.parameters.get('W_query.weight')!.data).toHaveLength(0)
})

it('two that use a model end it only together', () => {
  const [one, other] = [cachedModel(spec, 2, false), cachedModel(spec, 2, false)]
  expect(other.value).toBe(one.value)
  one.end()
  evictAll(300)
  expectDrawn(other.value, 2)
  other.end()
})

it('a model in memory that another had is the one of its seed', () => {
  evictAll(400)
  for (const seed of [400, 999]) {
    const { value: model, end } = cachedModel(spec, seed, false)
    expectDrawn(model, seed)
    end()
  }
})

it('what the maps depend on is drawn alone where that is enough, and is not drawn again where all is there', () => {
  const alone = cachedModel(spec, 3, true)
  expect([...alone.value.parameters.keys()]).toEqual(['W_query.weight', 'W_key.weight'])
  expect(alone.value.projections).toMatchObject({ value: null, output: null })
  const whole = cachedModel(spec, 3, false)
  expect(whole.value.parameters.size).toBe(5)
  expect(cachedModel(spec, 3, true).value).toBe(whole.value)
  for (const of of [alone, whole]) of.end()
})
