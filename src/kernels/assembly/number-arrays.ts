/**
 * Nested JSON arrays of numbers read into float32, a window of text at a time. What a literal means is
 * Math.fround(Number(literal)), what an array means `readNested` of src/http/read/tensor.ts. Here is only what can be
 * decided quickly: a literal that cannot is left to the caller, and an array that is not rectangular fails.
 */
import { CLOSE, COMMA, E, MINUS, OPEN, PLUS, POINT, SPACE, ZERO } from './characters'

/** The window, and room for a mark behind it and a vector read over the end. */
export const WINDOW_LENGTH: u32 = 65536
export const WINDOW: usize = memory.data(65536 + 32, 16)

/** The window's values: a number and the comma behind it take two bytes at least. */
export const VALUES_LENGTH: u32 = 32768
export const VALUES: usize = memory.data(32768 * 4, 16)

/** Literals left to the caller: where in the window, how long, which value. */
export const UNDECIDED_LENGTH: u32 = 4096
export const UNDECIDED: usize = memory.data(4096 * 12, 4)

/** 10^k as float64 for k from 0 to 63 (exact to 22), and as integers for k from 0 to 16, set by the loader. */
export const FLOAT_POWERS: usize = memory.data(64 * 8, 8)
export const WHOLE_POWERS: usize = memory.data(17 * 8, 8)
const LAST_POWER: i32 = 63
const LAST_EXACT_POWER: i32 = 22

/**
 * Of the last window: bytes taken, values, undecided ones. Of the array: its axes, and the length of each; how many
 * arrays are open, and the entries so far in each of them; whether a value comes next.
 */
export const ARRAY: usize = memory.data(14 * 4, 4)
const LENGTHS: usize = ARRAY + 16
const MOST_AXES: u32 = 4
const DEPTH: usize = ARRAY + 32
const COUNTS: usize = ARRAY + 36
const BEFORE_VALUE: usize = ARRAY + 52

let depth: u32 = 0
/** The level of the numbers; 0 before the first one. */
let axes: u32 = 0
let beforeValue: bool = true

export const MORE: u32 = 0
export const DONE: u32 = 1
export const FAILED: u32 = 2

/** The next window begins with an array's opening bracket. */
export function beginArray(): void {
  depth = 0
  axes = 0
  beforeValue = true
  memory.fill(ARRAY, 0, 14 * 4)
}

/**
 * Reads on through the WINDOW's `length` bytes, which begin where the last call stopped. MORE: it stopped before a
 * literal that may go on, or where UNDECIDED was full. FAILED: it stopped before what does not belong in such an array.
 */
export function readArray(length: u32): u32 {
  const end = WINDOW + length
  store<u8>(end, 0) // ends any literal
  let at = WINDOW
  let out = VALUES
  let undecided: u32 = 0
  let status = MORE
  for (;;) {
    while (isSpace(load<u8>(at))) at++
    if (at == end) break
    const byte = load<u8>(at)
    if (!beforeValue) {
      if (byte == COMMA) {
        beforeValue = true
      } else if (byte != CLOSE || !close()) {
        status = FAILED
        break
      }
      at++
      if (depth != 0) continue
      status = DONE
      break
    }
    if (byte == OPEN) {
      if (!open()) {
        status = FAILED
        break
      }
      at++
      continue
    }

    // The numbers of a row.
    if (axes == 0) axes = depth
    if (depth != axes) {
      status = FAILED
      break
    }
    let count = load<u32>(COUNTS + ((depth - 1) << 2))
    let complete = true
    for (;;) {
      let next = usual(at, out)
      if (next == 0) {
        const read = number(at, out)
        next = <usize>(read & PLACE)
        // At the end a literal may go on, or be malformed only because it does.
        if (next != end && read != <u32>next) {
          if ((read & MALFORMED) != 0) status = FAILED
          if (status == FAILED || undecided == UNDECIDED_LENGTH) {
            complete = false
            break
          }
          const entry = UNDECIDED + undecided * 12
          store<u32>(entry, <u32>(at - WINDOW))
          store<u32>(entry, <u32>(next - at), 4)
          store<u32>(entry, <u32>((out - VALUES) >> 2), 8)
          undecided++
        }
      }
      complete = next != end
      if (!complete) break
      out += 4
      count++
      at = next
      beforeValue = load<u8>(at) == COMMA
      if (!beforeValue) break
      at++
      at += usize(load<u8>(at) == SPACE)
      if (<u8>(load<u8>(at) - MINUS) > 12) break // neither a digit nor a minus
    }
    store<u32>(COUNTS + ((depth - 1) << 2), count)
    if (!complete) break
  }
  store<u32>(ARRAY, <u32>(at - WINDOW))
  store<u32>(ARRAY, <u32>((out - VALUES) >> 2), 4)
  store<u32>(ARRAY, undecided, 8)
  store<u32>(ARRAY, axes, 12)
  store<u32>(DEPTH, depth)
  store<u32>(BEFORE_VALUE, u32(beforeValue))
  return status
}

function isSpace(byte: u8): bool {
  return byte == SPACE || byte == 0x0a || byte == 0x0d || byte == 0x09
}

/** Opens an array; false where none may stand. */
function open(): bool {
  if (depth == MOST_AXES || (axes != 0 && depth == axes)) return false
  store<u32>(COUNTS + (depth << 2), 0)
  depth++
  return true
}

/** Ends the open array; false if it is not as long as the others of its level. */
function close(): bool {
  const level = (depth - 1) << 2
  const count = load<u32>(COUNTS + level)
  const length = load<u32>(LENGTHS + level)
  if (length == 0) store<u32>(LENGTHS + level, count)
  else if (length != count) return false
  depth--
  if (depth != 0) {
    const above = COUNTS + level - 4
    store<u32>(above, load<u32>(above) + 1)
  }
  return true
}

// What `number` returns: where the literal ends, and two marks.
const PLACE: u32 = 0x3fffffff
const MALFORMED: u32 = 0x40000000
const UNSURE: u32 = 0x80000000

const EXACT: u64 = 9007199254740992 // 2^53: up to here every integer is a float64
/** So many digits always fit: one more is less than 10^18. */
const FULL: u64 = 100_000_000_000_000_000
/** So many are enough: what the others would add is less than 100 units in a float64's last place. */
const ENOUGH: u64 = 100_000_000_000_000

/** Numbers from here on are none of float32. */
const TOO_LARGE: f64 = 3.4028235677973366e38
/** 2^-125: from here on a float32 has 24 bits for certain. */
const NORMAL: f64 = 2.350988701644575e-38

// @ts-ignore: decorator
@inline
function isDigit(byte: u8): bool {
  return <u8>(byte - ZERO) < 10
}

/**
 * Whether the middle between two float32 lies so near that a float64 about 100 units in the last place away may round
 * to another one.
 */
// @ts-ignore: decorator
@inline
function isNearMiddle(value: f64): bool {
  return (reinterpret<u64>(value) & 0x1fffffff) - (0x10000000 - 128) <= 256
}

// @ts-ignore: decorator
@inline
function storeSigned(out: usize, value: f64, sign: u32): void {
  store<u32>(out, reinterpret<u32>(<f32>value) | (sign << 31)) // no branch: signs are hard to predict
}

/**
 * Reads a literal as most are: one or two digits, a point, digits. Its first digits are an integer, which is divided by
 * a power of ten: rounded right where both are exact as float64 (Clinger 1990), else off by at most 100 units in the
 * last place. Returns where the literal ends, or 0 where it is another one or that is too far.
 */
// @ts-ignore: decorator
@inline
function usual(at: usize, out: usize): usize {
  const sign = u32(load<u8>(at) == MINUS)
  at += sign
  let digits = <u64>load<u8>(at) - ZERO
  let byte = load<u8>(at, 1)
  if (digits > 9) return 0
  at++
  if (isDigit(byte)) {
    digits = digits * 10 + byte - ZERO
    if (digits < 10) return 0
    byte = load<u8>(++at)
    if (isDigit(byte)) return 0
  }
  let factor: f64 = 1
  let all: bool = true
  if (byte == POINT) {
    // Sixteen digits at once, moved to the vector's end; where the number ends must not wait for them.
    const text = v128.load(at, 1)
    const count = ctz<i32>(~(digitMask(text) | digitMask(v128.load(at, 17)) << 16))
    if (<u32>count - 1 >= 31) return 0
    at += 1 + count
    byte = load<u8>(at)
    all = count <= 16
    const taken = min(count, 16)
    const places = i8x16.add(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>(taken - 16)))
    const ones = i8x16.swizzle(i8x16.sub(text, i8x16.splat(ZERO)), places)
    const pairs = i16x8.relaxed_dot_i8x16_i7x16_s(ones, i16x8.splat(0x010a))
    const fours = i32x4.dot_i16x8_s(pairs, i32x4.splat(0x00010064))
    const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), i32x4.splat(0x00012710))
    const fraction = <u64>i32x4.extract_lane(eights, 0) * 100_000_000 + <u64>i32x4.extract_lane(eights, 1)
    digits = digits * load<u64>(WHOLE_POWERS + (taken << 3)) + fraction
    factor = load<f64>(FLOAT_POWERS + (taken << 3))
    if (!all && digits < ENOUGH) return 0 // too many of them were zeros in front
  }
  if ((byte | 0x20) == E) return 0
  const value = <f64><i64>digits / factor
  if (isNearMiddle(value) && !(all && digits <= EXACT)) return 0
  storeSigned(out, value, sign)
  return at
}

/** A bit for each byte that is a digit. */
// @ts-ignore: decorator
@inline
function digitMask(text: v128): i32 {
  return i8x16.bitmask(i8x16.gt_s(i8x16.add(text, i8x16.splat(127 - 0x39)), i8x16.splat(127 - 10)))
}

/** Reads any literal in the same way. */
function number(at: usize, out: usize): u32 {
  const sign = u32(load<u8>(at) == MINUS)
  at += sign
  const first = at
  let digits: u64 = 0
  let power: i32 = 0
  for (; isDigit(load<u8>(at)); at++) {
    if (digits < FULL) digits = digits * 10 + load<u8>(at) - ZERO
    else power++
  }
  // A digit at least, and no zero before another.
  if (at - first != 1 && (at == first || load<u8>(first) == ZERO)) return <u32>at | MALFORMED
  if (load<u8>(at) == POINT) {
    at++
    if (!isDigit(load<u8>(at))) return <u32>at | MALFORMED
    for (; isDigit(load<u8>(at)); at++) {
      if (digits < FULL) {
        digits = digits * 10 + load<u8>(at) - ZERO
        power--
      }
    }
  }
  if ((load<u8>(at) | 0x20) == E) {
    at++
    const negative = load<u8>(at) == MINUS
    if (negative || load<u8>(at) == PLUS) at++
    if (!isDigit(load<u8>(at))) return <u32>at | MALFORMED
    let exponent: i32 = 0
    for (; isDigit(load<u8>(at)); at++) {
      if (exponent < 1_000_000) exponent = exponent * 10 + load<u8>(at) - ZERO
    }
    power += negative ? -exponent : exponent
  }

  let value = <f64><i64>digits
  let unsure = false
  if (digits != 0) {
    const steps = abs(power)
    const factor = load<f64>(FLOAT_POWERS + (min(steps, LAST_POWER) << 3))
    value = power < 0 ? value / factor : value * factor
    const exact = digits <= EXACT && steps <= LAST_EXACT_POWER
    unsure = value >= TOO_LARGE || (!exact && (steps > LAST_POWER || value < NORMAL || isNearMiddle(value)))
  }
  storeSigned(out, value, sign)
  return <u32>at | (unsure ? UNSURE : 0)
}
