import { describe, expect, it } from 'vitest'
import { planBlocks } from '../../src/engines/tensorflow/block-plan.ts'
import { ParameterCache } from '../../src/engines/tensorflow/parameter-cache.ts'
import type { Tf } from '../../src/engines/tensorflow/load.ts'

describe('planBlocks', () => {
  it('takes a problem whole that fits', () => {
    expect(planBlocks(5, 2, 8, 2 ** 21)).toEqual({ itemsPerBlock: 5, rowsPerBlock: 8 })
    expect(planBlocks(1, 1, 1, 2 ** 21)).toEqual({ itemsPerBlock: 1, rowsPerBlock: 1 })
  })

  it('cuts rows in multiples of 128 before it cuts items, and never below 128 rows of one item', () => {
    expect(planBlocks(1, 12, 1024, 2 ** 21)).toEqual({ itemsPerBlock: 1, rowsPerBlock: 128 })
    expect(planBlocks(1, 12, 1024, 2 ** 25)).toEqual({ itemsPerBlock: 1, rowsPerBlock: 1024 })
    expect(planBlocks(1, 12, 1024, 1)).toEqual({ itemsPerBlock: 1, rowsPerBlock: 128 })
    expect(planBlocks(40, 12, 1024, 2 ** 22)).toEqual({ itemsPerBlock: 2, rowsPerBlock: 128 })
  })

  it('keeps a block below the limit wherever the smallest one is', () => {
    for (const batch of [1, 3, 64]) {
      for (const heads of [1, 12]) {
        for (const seqLen of [1, 127, 128, 129, 300, 2048]) {
          const limit = 2 ** 22
          const { itemsPerBlock, rowsPerBlock } = planBlocks(batch, heads, seqLen, limit)
          expect(itemsPerBlock).toBeGreaterThanOrEqual(1)
          expect(rowsPerBlock).toBeGreaterThanOrEqual(1)
          expect(itemsPerBlock * heads * rowsPerBlock * seqLen).toBeLessThanOrEqual(limit)
        }
      }
    }
  })
})

/** Stands in for TensorFlow: tensors that know whether they are freed. */
function fakeTensorFlow() {
  const alive = new Set<object>()
  const tf = {
    tensor: () => {
      const made = { dispose: () => alive.delete(made) }
      alive.add(made)
      return made
    },
    keep: <T>(tensor: T) => tensor,
  }
  return { tf: tf as unknown as Tf, alive }
}

describe('ParameterCache', () => {
  const array = (): Float32Array => new Float32Array(10) // 40 bytes

  it('knows an array again, not an equal one', () => {
    const cache = new ParameterCache(fakeTensorFlow().tf, 1000)
    const data = array()
    const kept = cache.get(data, [10])
    expect(cache.get(data, [10])).toBe(kept)
    expect(cache.get(array(), [10])).not.toBe(kept)
    expect(cache.bytes).toBe(80)
  })

  it('frees what was used longest ago when it is trimmed, and nothing before', () => {
    const { tf, alive } = fakeTensorFlow()
    const cache = new ParameterCache(tf, 100)
    const [a, b, c] = [array(), array(), array()]
    const kept = cache.get(a, [10])
    cache.get(b, [10])
    cache.get(c, [10])
    cache.get(a, [10])
    expect(alive.size).toBe(3)
    cache.trim()
    expect(alive.size).toBe(2)
    expect(cache.bytes).toBe(80)
    expect(cache.get(a, [10])).toBe(kept)
    cache.clear()
    expect([alive.size, cache.size, cache.bytes]).toEqual([0, 0, 0])
  })

  it('counts what it let go of, though the array has been given back since', () => {
    const { tf, alive } = fakeTensorFlow()
    const cache = new ParameterCache(tf, 100)
    for (let i = 0; i < 5; i++) {
      const data = array()
      cache.get(data, [10])
      void (data.buffer as ArrayBuffer).transfer() // as float-memory.ts leaves it
      cache.trim()
    }
    expect([alive.size, cache.size, cache.bytes]).toEqual([2, 2, 80])
  })
})
