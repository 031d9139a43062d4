/**
 * The text of two float32 at once, side by side in vectors, where both are from 2^-13 to below 1 in magnitude, as
 * attention weights, scores and contexts mostly are. It is the text that number-text.ts writes, found in less than half
 * the time. The definition is src/encoders/number-definition.ts.
 *
 * With 10^-q just below such a number's unit in the last place, the number is s * 10^-q with 2^23 <= s < 2^28. 10^q is
 * a float64, and so is half a unit; s is known within 2^-26, the interval's end, from which the comparisons go, within
 * 2^-25. A comparison closer than DOUBT, or an exact tie, is left to the caller.
 */
import { COMMA, EIGHT_ZEROS, MINUS, POINT, ZERO } from './characters'

/**
 * For each exponent as a float32 has it (biased), two float64: 10^q, and half a unit in the last place in units of
 * 10^-q. Set by the loader; 0 outside of the range, which leaves the number to the caller.
 */
export const FRACTION_SCALES: usize = memory.data(256 * 16, 16)

/** And q, a byte each. */
export const FRACTION_PLACES: usize = memory.data(256, 16)

const DOUBT: f64 = 1e-6

/** Added to a whole number below 2^52, it leaves that number in the mantissa. */
const MANTISSA: f64 = 4503599627370496
const TWO_TO_32: f64 = 4294967296

/**
 * Writes the two numbers at `from`, a comma behind each, and returns where the text ends; 0 where one is not for here.
 * Writes up to 16 bytes over the end.
 */
// @ts-ignore: decorator
@inline
export function twoFractions(from: usize, at: usize): usize {
  const bitsA = load<u32>(from)
  const bitsB = load<u32>(from, 4)
  const a = <usize>(bitsA >> 23 & 0xff)
  const b = <usize>(bitsB >> 23 & 0xff)
  const scaleA = v128.load(FRACTION_SCALES + (a << 4))
  const scaleB = v128.load(FRACTION_SCALES + (b << 4))
  const half = v128.shuffle<u64>(scaleA, scaleB, 1, 3)
  const value = f64x2.promote_low_f32x4(f32x4.abs(v128.load64_zero(from)))
  const s = f64x2.mul(value, v128.shuffle<u64>(scaleA, scaleB, 0, 2))

  // The interval, less than ten wide, reads back as the number: its multiple of ten if it has one, else what is nearest
  // to s.
  const width = f64x2.add(half, half)
  const end = f64x2.add(s, half)
  const tens = f64x2.mul(f64x2.floor(f64x2.mul(end, f64x2.splat(0.1))), f64x2.splat(10))
  const fromTens = f64x2.sub(end, tens)
  const nearest = f64x2.nearest(s)
  const margin = f64x2.pmin(
    f64x2.pmin(fromTens, f64x2.sub(f64x2.splat(10), fromTens)),
    f64x2.pmin(f64x2.abs(f64x2.sub(fromTens, width)), f64x2.sub(f64x2.splat(0.5), f64x2.abs(f64x2.sub(s, nearest)))),
  )
  if (!i64x2.all_true(f64x2.gt(margin, f64x2.splat(DOUBT)))) return 0
  const nine = v128.bitselect(tens, nearest, f64x2.le(fromTens, width))

  // Nine digits: the first one, 0 or 1, and eight more, halved until each is a byte. 1e-4 as a float64 is a little more
  // than that, so that floor is right for multiples.
  const first = f64x2.ge(nine, f64x2.splat(1e8))
  const eight = f64x2.sub(nine, v128.and(first, f64x2.splat(1e8)))
  const high = f64x2.floor(f64x2.mul(eight, f64x2.splat(1e-4)))
  const low = f64x2.sub(eight, f64x2.mul(high, f64x2.splat(1e4)))
  const mantissa = f64x2.add(f64x2.add(high, f64x2.splat(MANTISSA)), f64x2.mul(low, f64x2.splat(TWO_TO_32)))
  const halves = v128.xor(mantissa, f64x2.splat(MANTISSA)) // four digits in each 32 bits
  const hundreds = i32x4.shr_u(i32x4.mul(halves, i32x4.splat(10486)), 20)
  const quarters = i32x4.sub(i32x4.shl(halves, 16), i32x4.mul(hundreds, i32x4.splat((100 << 16) - 1)))
  const tenths = i16x8.shr_u(i16x8.mul(quarters, i16x8.splat(103)), 10)
  const bytes = i16x8.sub(i16x8.shl(quarters, 8), i16x8.mul(tenths, i16x8.splat((10 << 8) - 1)))

  const firstA = ZERO - <u8>i64x2.extract_lane(first, 0)
  const firstB = ZERO - <u8>i64x2.extract_lane(first, 1)
  const restA = i64x2.extract_lane(bytes, 0)
  const restB = i64x2.extract_lane(bytes, 1)
  const placesA = load<u8>(FRACTION_PLACES + a)
  const placesB = load<u8>(FRACTION_PLACES + b)
  if (<i32>(bitsA | bitsB) >= 0) {
    at = fraction(firstA, restA, placesA, at)
    return fraction(firstB, restB, placesB, at)
  }
  store<u8>(at, MINUS)
  at = fraction(firstA, restA, placesA, at + (bitsA >> 31))
  store<u8>(at, MINUS)
  return fraction(firstB, restB, placesB, at + (bitsB >> 31))
}

/**
 * "0." and so many decimal places, zeros and then a character and eight digits, without the zeros at the end; a comma.
 */
// @ts-ignore: decorator
@inline
function fraction(first: u8, eight: u64, places: u32, at: usize): usize {
  const end = at + places + 2
  store<u64>(at, EIGHT_ZEROS)
  store<u8>(end - 9, first)
  store<u64>(end - 8, eight + EIGHT_ZEROS)
  store<u8>(at, POINT, 1) // with eight places it takes the first one's
  const last = end - (<usize>clz<u64>(eight) >> 3)
  store<u8>(last, COMMA)
  return last + 1
}
