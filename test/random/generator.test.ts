import { describe, expect, it } from 'vitest'
import { Generator } from '../../src/random/generator.ts'
import { PlainGenerator } from '../../src/random/plain-generator.ts'
import { expected, perform, truth, type Draw } from './truth.ts'

/** The kernel's normals may differ in their last bit on a CPU without fused multiply-add. */
const tolerance = 1e-6

describe.each(truth.cases)('PyTorch: $name', ({ seed, draws }) => {
  it('is the plain definition bit for bit', () => {
    const generator = new PlainGenerator(seed)
    for (const draw of draws)
      expect(labelled(draw, perform(generator, draw))).toStrictEqual(labelled(draw, expected(draw)))
  })

  it('is the kernel: uniforms and masks bit for bit, normals closely', () => {
    const generator = new Generator(seed)
    for (const draw of draws) {
      const ours = perform(generator, draw)
      if (draw.draw === 'normal') expect(furthest(ours, expected(draw))).toBeLessThan(tolerance)
      else expect(labelled(draw, ours)).toStrictEqual(labelled(draw, expected(draw)))
    }
  })
})

describe('a generator', () => {
  it('draws the same long sequences from the kernel as from the definition', () => {
    const kernel = new Generator(2024)
    const plain = new PlainGenerator(2024)
    // Lengths around what the kernel takes at once, and around a twist.
    for (const count of [623, 624, 625, 8191, 8192, 8193, 16383, 16384, 16385, 16400, 40_001]) {
      const uniform: Draw = { draw: 'uniform', count, low: -0.1, high: 0.3, values: '' }
      const mask: Draw = { draw: 'keepMask', count, dropout: 0.3, values: '' }
      const normal: Draw = { draw: 'normal', count, values: '' }
      for (const draw of [uniform, mask])
        expect(labelled(draw, perform(kernel, draw))).toStrictEqual(labelled(draw, perform(plain, draw)))
      expect(furthest(perform(kernel, normal), perform(plain, normal))).toBeLessThan(tolerance)
    }
  })

  it('keeps its own state while others draw', () => {
    const generators = [1, 2, 3].map((seed) => new Generator(seed))
    const alone = [1, 2, 3].map((seed) => uniforms(new Generator(seed), 900))
    const inTurns = generators.map(() => [] as number[])
    for (let round = 0; round < 9; round++) {
      generators.forEach((generator, i) => inTurns[i]!.push(...uniforms(generator, 100)))
    }
    expect(inTurns).toStrictEqual(alone)
  })

  it('skips what it would have drawn', () => {
    for (const count of [0, 1, 623, 624, 625, 100_000]) {
      const drawing = new Generator(17)
      const skipping = new Generator(17)
      uniforms(drawing, count)
      skipping.skipUniform(count)
      expect(uniforms(skipping, 3)).toStrictEqual(uniforms(drawing, 3))
    }
  })
})

function uniforms(generator: Generator, count: number): number[] {
  const out = new Float32Array(count)
  generator.uniform(out, 0, 1)
  return [...out]
}

/** The values with the draw that they come from, for a failure's message. */
function labelled(draw: Draw, values: Float32Array | Uint8Array) {
  return { draw: draw.draw, count: draw.count, values }
}

/** The largest absolute difference; NaN where a value is NaN. */
function furthest(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): number {
  let most = a.length === b.length ? 0 : NaN
  for (const [i, value] of a.entries()) most = Math.max(most, Math.abs(value - b[i]!))
  return most
}
