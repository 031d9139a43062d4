import { expect, it } from 'vitest'
import { giveBackFloats, takeFloats } from '../../src/tensor/float-memory.ts'

const large = 2 ** 15

it('gives memory that was given back to the next array of that length, as another array, and empties the one before', () => {
  const first = takeFloats(large).fill(1)
  giveBackFloats(first)
  expect(first).toHaveLength(0)
  const second = takeFloats(large)
  expect(second).not.toBe(first)
  expect(second[large - 1]).toBe(1)
  expect(takeFloats(large + 1)[large]).toBe(0)
})

it('takes nothing twice, nothing that others may have a part in, and nothing small', () => {
  const once = takeFloats(large).fill(2)
  giveBackFloats(once)
  giveBackFloats(once)
  const [one, other] = [takeFloats(large), takeFloats(large)]
  expect(one.buffer).not.toBe(other.buffer)
  const part = new Float32Array(2 * large).subarray(large)
  const small = takeFloats(16).fill(3)
  const shared = new Float32Array(new SharedArrayBuffer(4 * large))
  for (const array of [part, small, shared]) giveBackFloats(array)
  expect([part.length, small.length, shared.length]).toEqual([large, 16, large])
})

it('holds no more than it may: what was given back longest ago is freed', () => {
  const mebi = 2 ** 18 // values
  const arrays = Array.from({ length: 80 }, (_, i) => takeFloats(mebi + i).fill(5))
  for (const array of arrays) giveBackFloats(array)
  expect(takeFloats(mebi)[0]).toBe(0)
  expect(takeFloats(mebi + 79)[0]).toBe(5)
})
