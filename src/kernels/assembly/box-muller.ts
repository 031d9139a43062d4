/**
 * Box-Muller in float32, four lanes at a time. The definition, with the sources, is
 * src/random/box-muller.ts; there a fused multiply-add is rounded once, here that is up
 * to relaxed_madd: on CPUs without a fused instruction the last bit may differ.
 */

function fma(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c)
}

function lanes(value: f32): v128 {
  return f32x4.splat(value)
}

/** ln x for normal x > 0. */
function log(x: v128): v128 {
  let exponent = i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126))
  let fraction = v128.or(v128.and(x, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000))
  const small = f32x4.lt(fraction, lanes(0.70710678118654752440))
  exponent = i32x4.add(exponent, small) // minus one where small
  fraction = f32x4.sub(f32x4.add(fraction, v128.and(fraction, small)), lanes(1))
  const e = f32x4.convert_i32x4_s(exponent)
  const square = f32x4.mul(fraction, fraction)
  let tail = lanes(7.0376836292e-2)
  tail = fma(tail, fraction, lanes(-1.151461031e-1))
  tail = fma(tail, fraction, lanes(1.167699874e-1))
  tail = fma(tail, fraction, lanes(-1.2420140846e-1))
  tail = fma(tail, fraction, lanes(1.4249322787e-1))
  tail = fma(tail, fraction, lanes(-1.6668057665e-1))
  tail = fma(tail, fraction, lanes(2.0000714765e-1))
  tail = fma(tail, fraction, lanes(-2.4999993993e-1))
  tail = fma(tail, fraction, lanes(3.3333331174e-1))
  tail = f32x4.mul(tail, fraction)
  tail = fma(tail, square, f32x4.mul(e, lanes(-2.1219444e-4)))
  tail = fma(lanes(-0.5), square, tail)
  return fma(e, lanes(0.693359375), f32x4.add(fraction, tail))
}

/** Normals from the uniforms of four radii and, 32 bytes on, four angles. */
function normals(at: usize): void {
  const radius = f32x4.sqrt(f32x4.mul(lanes(-2), log(f32x4.sub(lanes(1), v128.load(at)))))
  const theta = f32x4.mul(lanes(<f32>(2 * Math.PI)), v128.load(at, 32))

  const quarters = i32x4.relaxed_trunc_f32x4_s(f32x4.mul(theta, lanes(<f32>(4 / Math.PI))))
  const octant = v128.and(i32x4.add(quarters, i32x4.splat(1)), i32x4.splat(~1))
  const turns = f32x4.convert_i32x4_s(octant)
  let rest = fma(turns, lanes(-0.78515625), theta)
  rest = fma(turns, lanes(-2.4187564849853515625e-4), rest)
  rest = fma(turns, lanes(-3.77489497744594108e-8), rest)
  const square = f32x4.mul(rest, rest)

  let cosine = fma(lanes(2.443315711809948e-5), square, lanes(-1.388731625493765e-3))
  cosine = f32x4.mul(fma(cosine, square, lanes(4.166664568298827e-2)), square)
  cosine = f32x4.add(fma(cosine, square, f32x4.mul(lanes(-0.5), square)), lanes(1))
  let sine = fma(lanes(-1.9515295891e-4), square, lanes(8.3321608736e-3))
  sine = f32x4.mul(fma(sine, square, lanes(-1.6666654611e-1)), square)
  sine = fma(sine, rest, rest)

  // The octant's bit 1 swaps the two, bit 2 is the sine's sign, and the sum's bit 2 the cosine's.
  const swapped = i32x4.eq(v128.and(octant, i32x4.splat(2)), i32x4.splat(2))
  const sign = i32x4.splat(0x80000000)
  const sineSign = v128.and(i32x4.shl(octant, 29), sign)
  const cosineSign = v128.and(i32x4.shl(i32x4.add(octant, i32x4.splat(2)), 29), sign)
  v128.store(at, f32x4.mul(radius, v128.xor(v128.bitselect(sine, cosine, swapped), cosineSign)))
  v128.store(at, f32x4.mul(radius, v128.xor(v128.bitselect(cosine, sine, swapped), sineSign)), 32)
}

/** 16 uniforms of [0, 1) turned into 16 normals in place. */
export function normalBlock(at: usize): void {
  normals(at)
  normals(at + 16)
}
