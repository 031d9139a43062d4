import { expect, it } from 'vitest'
import { CausalMaps } from '../../src/tensor/causal-maps.ts'

it('gives large blocks back, but no memory that others may have a part in', () => {
  const shared = new Float32Array(2 * 200 * 200)
  const maps = {
    large: CausalMaps.whole(1, 1, 200, 0, new Float32Array(200 * 200)),
    part: CausalMaps.whole(1, 1, 200, 0, shared.subarray(0, 200 * 200)),
    small: CausalMaps.whole(1, 1, 8, 0, new Float32Array(8 * 8)),
  }
  for (const each of Object.values(maps)) each.letGo()
  expect(maps.large.blocks[0]!.data.length).toBe(0)
  expect(maps.part.blocks[0]!.data.length).toBe(200 * 200)
  expect(maps.small.blocks[0]!.data.length).toBe(8 * 8)
})
