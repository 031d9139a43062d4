import { expect, it } from 'vitest'
import { cacheCounts } from '../../src/metrics/caches.ts'
import { cachedInput } from '../../src/sources/input-cache.ts'
import { drawInput } from '../../src/sources/input.ts'

const randn = [2, 64, 512]
const drawn = (seed: number, advance = 0) => drawInput(randn, seed, advance)

it('is the input of its shape, seed and advance, drawn once', () => {
  const { value } = cachedInput({ randn, seed: 1, advance: 0 })
  expect(value).toEqual(drawn(1))
  expect(cachedInput({ randn, seed: 1, advance: 0 }).value).toBe(value)
  expect(cachedInput({ randn, seed: 2, advance: 0 }).value).toEqual(drawn(2))
  expect(cachedInput({ randn, seed: 1, advance: 7 }).value).toEqual(drawn(1, 7))
  expect(cachedInput({ randn: [1, 128, 512], seed: 1, advance: 0 }).value).toEqual(drawInput([1, 128, 512], 1, 0))
  expect(cacheCounts().get('inputs')).toEqual({ hits: 1, misses: 4 })
})

it('stays as it is while it is in use; afterwards the next one may have its memory', () => {
  const { value, end } = cachedInput({ randn, seed: 3, advance: 0 })
  const evict = (from: number) => {
    for (let seed = from; seed < from + 200; seed++) cachedInput({ randn, seed, advance: 0 }).end()
  }
  evict(1000)
  expect(value).toEqual(drawn(3))
  end()
  evict(2000)
  expect(value.data).toHaveLength(0)
  expect(cachedInput({ randn, seed: 3, advance: 0 }).value).toEqual(drawn(3))
})

it('is what was given, and small ones are always drawn', () => {
  const values = drawInput([1, 2, 3], 1, 0)
  const given = cachedInput({ values })
  given.end()
  expect(given.value).toBe(values)
  const small = { randn: [1, 2, 3], seed: 1, advance: 0 }
  expect(cachedInput(small).value).toEqual(values)
  expect(cachedInput(small).value).not.toBe(cachedInput(small).value)
})
