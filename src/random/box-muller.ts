const f32 = Math.fround

/**
 * A fused multiply-add in float32: one rounding. The product of two float32 is exact in
 * float64, so only the sum's rounding comes before the last one.
 */
const fma = (a: number, b: number, c: number): number => f32(a * b + c)

/** Horner's rule in fused float32 steps, the highest coefficient first. */
const polynomial = (coefficients: Float32Array, x: number): number =>
  coefficients.subarray(1).reduce((sum, coefficient) => fma(sum, x, coefficient), coefficients[0]!)

const LOG = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
)
const SIN = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
const COS = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)

/** ln 2 in two parts, and pi/4 in three, each exact in float32 when multiplied by a small integer. */
const LN2 = [f32(0.693359375), f32(-2.1219444e-4)] as const
const QUARTER_PI = [f32(0.78515625), f32(2.4187564849853515625e-4), f32(3.77489497744594108e-8)] as const
const TWO_PI = f32(2 * Math.PI)

const bits = new DataView(new ArrayBuffer(4))

/** ln x for a normal float32 x > 0: Cephes' logf, in the order of operations of PyTorch's vector code. */
function log(x: number): number {
  bits.setFloat32(0, x)
  const word = bits.getInt32(0)
  let exponent = (word >> 23) - 126
  bits.setInt32(0, (word & 0x007fffff) | 0x3f000000)
  let fraction = bits.getFloat32(0) // in [1/2, 1)
  if (fraction < f32(Math.SQRT1_2)) {
    exponent -= 1
    fraction *= 2
  }
  fraction -= 1
  const square = f32(fraction * fraction)
  let tail = f32(polynomial(LOG, fraction) * fraction)
  tail = fma(tail, square, f32(exponent * LN2[1]))
  tail = fma(-0.5, square, tail)
  return fma(exponent, LN2[0], f32(fraction + tail))
}

/** sin and cos of a float32 x >= 0: Cephes' sinf and cosf, in the order of operations of PyTorch's vector code. */
function sinCos(x: number): [number, number] {
  const octant = (Math.trunc(f32(x * f32(4 / Math.PI))) + 1) & ~1
  let rest = x
  for (const part of QUARTER_PI) rest = fma(-octant, part, rest)
  const square = f32(rest * rest)
  const cosine = f32(fma(f32(polynomial(COS, square) * square), square, -f32(0.5 * square)) + 1)
  const sine = fma(f32(polynomial(SIN, square) * square), rest, rest)
  const swapped = (octant & 2) !== 0
  const sin = swapped ? cosine : sine
  const cos = swapped ? sine : cosine
  return [octant & 4 ? -sin : sin, (octant + 2) & 4 ? -cos : cos]
}

/**
 * Turns 16 float32 uniforms of [0, 1), from `offset` on, into 16 normals in place, as
 * PyTorch's normal_fill_16 does where the CPU has AVX2 (ATen/native/cpu/
 * DistributionTemplates.h and avx_mathfun.h): u[i] gives the radius, u[i + 8] the angle.
 * Bit-equal with it; PyTorch without AVX2 differs in the last bits.
 */
export function normalBlock(values: Float32Array, offset: number): void {
  for (let i = offset; i < offset + 8; i++) {
    const radius = f32(Math.sqrt(f32(-2 * log(f32(1 - values[i]!)))))
    const [sin, cos] = sinCos(f32(TWO_PI * values[i + 8]!))
    values[i] = radius * cos
    values[i + 8] = radius * sin
  }
}
