/**
 * The fewest decimal digits that read back as the same float32, and of these the ones
 * nearest to it. The definition is src/encoders/number-definition.ts.
 *
 * A float32 is m * 2^e, and every number within half a unit of m reads back as it (the
 * ends too where m is even). With 10^k just below 2^e, the interval holds at least one
 * multiple of 10^k and at most one of 10^(k + 1): that one if there is one, else the
 * nearest multiple of 10^k, is the shortest.
 */

/** 5^k for k from 0 to 16, set by the loader. */
export const POWERS_OF_FIVE: usize = memory.data(17 * 8, 8)

/** The highest 64 bits of 10^k, plus one, for k from -31 to 45, set by the loader. */
export const POWERS_OF_TEN: usize = memory.data(77 * 8, 8)

/**
 * The one float32 of all (tried one by one) whose shortest text, 7.038531e-26, lies so
 * near the interval's end that a reader which rounds to float64 first, as JSON's do,
 * gets its neighbour. It takes a digit more.
 */
const EXCEPTION: u32 = 0x15ae43fd

/** digits * 10^exponent in one word: the low half is the digits. */
function decimal(digits: u32, exponent: i32): u64 {
  return <u64>digits | ((<u64>exponent) << 32)
}

/** `magnitude` is the bits, without the sign, of a finite value other than 0. */
export function shortest(magnitude: u32): u64 {
  const biased = magnitude >> 23
  const fraction = magnitude & 0x7fffff
  const usual = biased - 97 < 54 && fraction != 0 // from 2^-30 to 2^24, powers of two apart
  if (usual) return shortestUsual(fraction | 0x800000, biased - 150)
  if (magnitude == EXCEPTION) return decimal(70385307, -33)
  return shortestOfAny(fraction, biased)
}

/**
 * Where 4 * m * 5^-k fits 64 bits the interval's middle and ends are exact: integers
 * with `shift` bits behind the point, in units of 10^k.
 */
function shortestUsual(m: u32, e: i32): u64 {
  const k = floorLog10OfPowerOf2(e)
  const five = load<u64>(POWERS_OF_FIVE - (k << 3))
  const shift = 2 - e + k
  const middle = <u64>(m << 2) * five
  const open = m & 1
  const lower = middle - (five << 1) + open
  const upper = middle + (five << 1) - open
  const tens: u64 = <u32>(upper >> shift) / 10 * 10
  const nearest = (middle + ((<u64>1) << (shift - 1))) >> shift
  return decimal(<u32>select<u64>(tens, nearest, tens << shift >= lower), k)
}

/**
 * Schubfach, by Raffaello Giulietti ("The Schubfach way to render doubles", 2020), for
 * float32: the ends and the middle times 4, in units of 10^k, rounded to odd, which
 * keeps every comparison right.
 */
function shortestOfAny(fraction: u32, biased: u32): u64 {
  const m = fraction | (biased != 0 ? 0x800000 : 0)
  const e: i32 = max<i32>(biased, 1) - 150
  // Below a power of two the neighbour is half as far.
  const closer: i32 = i32(fraction == 0) & i32(biased > 1)
  const k = closer ? floorLog10OfThreeQuarters(e) : floorLog10OfPowerOf2(e)
  const h = e + floorLog2OfPowerOf10(-k) + 1
  const power = load<u64>(POWERS_OF_TEN + ((31 - k) << 3))
  const open = m & 1
  const lower = roundToOdd(power, (4 * m - 2 + closer) << h) + open
  const middle = roundToOdd(power, (4 * m) << h)
  const upper = roundToOdd(power, (4 * m + 2) << h) - open
  const whole = middle >> 2
  if (whole >= 10) {
    const tens = whole / 10
    const down = lower <= 40 * tens
    const up = upper >= 40 * tens + 40
    if (down != up) return decimal(tens + u32(up), k + 1)
  }
  const down = lower <= 4 * whole
  const up = upper >= 4 * whole + 4
  return decimal(whole + u32(down == up ? middle >= 4 * whole + 2 : up), k)
}

/** floor(power * c / 2^64), its last bit set if the division left a rest: Giulietti's section 9.9. */
function roundToOdd(power: u64, c: u32): u32 {
  const product = (power >> 32) * c + (((power & 0xffffffff) * c) >> 32)
  return <u32>(product >> 32) | u32(<u32>product > 1)
}

// Logarithms in fixed point, right for every exponent of a float32 (-149 to 104).

function floorLog10OfPowerOf2(e: i32): i32 {
  return (e * 1262611) >> 22
}

function floorLog10OfThreeQuarters(e: i32): i32 {
  return (e * 1262611 - 524031) >> 22
}

function floorLog2OfPowerOf10(k: i32): i32 {
  return (k * 1741647) >> 19
}
