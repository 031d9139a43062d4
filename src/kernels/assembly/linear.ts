import { LINEAR } from './memory'

/**
 * y = x W^T + b, for the direct engine's projections; the plain definition is src/engines/direct/linear.ts. In LINEAR,
 * one after the other: x (rows, inputs), W (outputs, inputs), b (outputs), y (rows, outputs). `inputs` and `outputs`
 * are multiples of 4. Tiles of two rows by four outputs, four inputs at once: each of the eight sums is kept in four
 * parts. No fused instructions, so that the sums are the same on every machine.
 */
export function linear(rows: u32, inputs: u32, outputs: u32): void {
  const stride = <usize>inputs << 2
  const width = <usize>outputs << 2
  const weight = LINEAR + <usize>rows * stride
  const bias = weight + <usize>outputs * stride
  const y = bias + width
  for (let output: usize = 0; output < width; output += 16) {
    const w = weight + output * inputs
    const b = v128.load(bias + output)
    for (let row: usize = 0; row < rows; row += 2) {
      // An odd last row is computed twice.
      const next = row + 1 < rows ? row + 1 : row
      const p = LINEAR + row * stride
      const q = LINEAR + next * stride
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
      let c0 = a0, c1 = a0, c2 = a0, c3 = a0
      for (let i: usize = 0; i < stride; i += 16) {
        const a = v128.load(p + i)
        const c = v128.load(q + i)
        const w0 = v128.load(w + i)
        const w1 = v128.load(w + stride + i)
        const w2 = v128.load(w + 2 * stride + i)
        const w3 = v128.load(w + 3 * stride + i)
        a0 = f32x4.add(a0, f32x4.mul(a, w0))
        a1 = f32x4.add(a1, f32x4.mul(a, w1))
        a2 = f32x4.add(a2, f32x4.mul(a, w2))
        a3 = f32x4.add(a3, f32x4.mul(a, w3))
        c0 = f32x4.add(c0, f32x4.mul(c, w0))
        c1 = f32x4.add(c1, f32x4.mul(c, w1))
        c2 = f32x4.add(c2, f32x4.mul(c, w2))
        c3 = f32x4.add(c3, f32x4.mul(c, w3))
      }
      v128.store(y + row * width + output, f32x4.add(b, sums(a0, a1, a2, a3)))
      v128.store(y + next * width + output, f32x4.add(b, sums(c0, c1, c2, c3)))
    }
  }
}

/** The sum of each of four vectors, as one vector. */
// @ts-ignore: decorator
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
}
