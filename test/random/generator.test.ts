import { describe, expect, it } from 'vitest'
import { Generator } from '../../src/random/generator.ts'
import { PlainGenerator } from '../../src/random/plain-generator.ts'
import { expected, perform, truth } from './truth.ts'

describe.each([['the plain definition', PlainGenerator], ['the kernel', Generator]])('%s draws what PyTorch draws', (_, Kind) => {
  it.each(truth.cases)('$name', ({ seed, draws }) => {
    const generator = new Kind(seed)
    for (const draw of draws) {
      const { draw: kind, count } = draw
      // Bit for bit, and -0 apart from 0.
      expect({ kind, count, values: perform(generator, draw) }).toStrictEqual({ kind, count, values: expected(draw) })
    }
  })
})
