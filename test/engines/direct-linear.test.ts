import fc from 'fast-check'
import { expect, it } from 'vitest'
import { linear, plainLinear } from '../../src/engines/direct/linear.ts'

it('a projection by the kernel is that of the plain loops, whatever its size', () => {
  const length = fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 10 }).map((fours) => 4 * fours),
  )
  fc.assert(
    fc.property(length, length, length, fc.boolean(), fc.integer(), (rows, inputs, outputs, biased, seed) => {
      let state = ((seed >>> 1) % 2147483646) + 1
      const drawn = (size: number): Float32Array =>
        Float32Array.from({ length: size }, () => (state = (state * 48271) % 2147483647) / 1073741823.5 - 1)
      const x = drawn(rows * inputs)
      const projection = { weight: drawn(outputs * inputs), bias: biased ? drawn(outputs) : null }
      const [fast, plain] = [new Float32Array(rows * outputs), new Float32Array(rows * outputs)]
      linear(fast, x, projection, rows, inputs, outputs)
      plainLinear(plain, x, projection, rows, inputs, outputs)
      fast.forEach((value, i) =>
        expect(Math.abs(value - plain[i]!)).toBeLessThan(1e-6 * Math.max(4, Math.sqrt(inputs))),
      )
    }),
  )
})
