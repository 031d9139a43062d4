/**
 * PyTorch's draws from the twister's words, in place in SCRATCH. Their definition is
 * src/random/plain-generator.ts.
 */
import { draw } from './mt19937'
import { SCRATCH } from './memory'
import { normalBlock } from './box-muller'

/** The twister's next `count` words. */
export function words(count: u32): void {
  draw(SCRATCH, count)
}

/**
 * `count` float32 uniforms: word's low 24 bits * 2^-24 * range + low, rounded once. In
 * float64 the product is exact, so that the result needs no fused instruction.
 */
export function uniform(count: u32, low: f32, range: f32): void {
  draw(SCRATCH, count)
  const scale = f64x2.splat(<f64>range * (1.0 / 16777216.0))
  const offset = f64x2.splat(low)
  const end = SCRATCH + (count << 2)
  for (let at = SCRATCH; at < end; at += 16) {
    const word = v128.and(v128.load(at), i32x4.splat(0xffffff))
    const a = f64x2.convert_low_i32x4_s(word)
    const b = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(word, word, 2, 3, 2, 3))
    const x = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(a, scale), offset))
    const y = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(b, scale), offset))
    v128.store(at, v128.shuffle<i64>(x, y, 0, 2))
  }
}

/** `count` normals, a multiple of 16. */
export function normal(count: u32): void {
  uniform(count, 0, 1)
  const end = SCRATCH + (count << 2)
  for (let at = SCRATCH; at < end; at += 64) normalBlock(at)
}

/**
 * `count` float64 uniforms of [0, 1) compared with `keep`: bytes of 1 where below. Two
 * words make a uniform, the first its high one, of which 53 bits count; they are
 * compared as integers.
 */
export function keepMask(count: u32, keep: f64): void {
  draw(SCRATCH, count << 1)
  const limit = i64x2.splat(<i64>ceil(keep * 9007199254740992.0))
  // Eight bytes are written where sixteen words were read, always behind the reader.
  for (let i: u32 = 0; i < count; i += 8) {
    const at = SCRATCH + (i << 3)
    const a = v128.shuffle<i32>(below(at, limit), below(at + 16, limit), 0, 2, 4, 6)
    const b = v128.shuffle<i32>(below(at + 32, limit), below(at + 48, limit), 0, 2, 4, 6)
    const kept = i16x8.narrow_i32x4_s(a, b)
    v128.store64_lane(SCRATCH + i, v128.and(i8x16.narrow_i16x8_s(kept, kept), i8x16.splat(1)), 0)
  }
}

/** All bits set in the lanes whose uniform is below the limit. */
function below(at: usize, limit: v128): v128 {
  const pairs = v128.load(at)
  const uniforms = v128.and(v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2), i64x2.splat((1 << 53) - 1))
  return i64x2.lt_s(uniforms, limit)
}
