/**
 * Float32 as JSON numbers, in rows and nested arrays. The definition of a number's text
 * is src/encoders/number-definition.ts.
 */
import { CLOSE, COMMA, E, EIGHT_ZEROS, MINUS, NULL, OPEN, POINT, ZERO } from './characters'
import { SCRATCH, TEXT } from './memory'
import { shortest } from './shortest'
import { twoFractions } from './two-fractions'

/** The most rows that go through at once, and each row's number of values in SCRATCH. */
export const ROWS_LENGTH: u32 = 1024
export const VISIBLE: usize = memory.data(1024 * 4, 4)

/** How many rows fill an array of each level above a row's own, the innermost first. */
export const ROWS_PER_ARRAY: usize = memory.data(6 * 4, 4)

/**
 * Writes `count` rows of `width` numbers and returns the text's length. A row's VISIBLE
 * values come from SCRATCH, where the rows lie one behind the other; `rest` fills it up.
 * A comma follows every number; around the one at a row's end stand closing and opening
 * brackets, a pair for the row and one for each array that ends with it, `brackets` at
 * most (from 0 to 7). `row` is the number of rows that came before.
 */
export function rows(count: u32, width: u32, rest: f32, brackets: u32, row: u32): usize {
  let at = TEXT
  let from = SCRATCH
  for (let i: u32 = 0; i < count; i++) {
    const visible = load<u32>(VISIBLE + (i << 2))
    const end = from + (visible << 2)
    for (; from + 4 < end; from += 8) {
      const two = twoFractions(from, at)
      at = two != 0 ? two : listed(load<u32>(from, 4), listed(load<u32>(from), at))
    }
    if (from < end) {
      at = listed(load<u32>(from), at)
      from += 4
    }
    if (visible < width) at = repeat(rest, width - visible, at)
    if (brackets > 0) at = separate(brackets, row + i + 1, at)
  }
  return at - TEXT
}

/** Writes a number and a comma. */
function listed(bits: u32, at: usize): usize {
  at = number(bits, at)
  store<u8>(at, COMMA)
  return at + 1
}

/** Writes a number `count` times, by vectors of as many as fit. */
function repeat(value: f32, count: u32, at: usize): usize {
  let end = listed(reinterpret<u32>(value), at)
  const length = end - at
  let step = length
  for (; step + length <= 16; step += length) v128.store(at + step, v128.load(at))
  const several = v128.load(at)
  end = at + length * count
  for (; at < end; at += step) v128.store(at, several)
  return end
}

/** Puts the brackets around the comma behind a row when `done` rows are complete. */
function separate(most: u32, done: u32, at: usize): usize {
  let depth: u32 = 1
  while (depth < most && done % load<u32>(ROWS_PER_ARRAY + ((depth - 1) << 2)) == 0) depth++
  at--
  for (let i: u32 = 0; i < depth; i++) store<u8>(at++, CLOSE)
  store<u8>(at++, COMMA)
  for (let i: u32 = 0; i < depth; i++) store<u8>(at++, OPEN)
  return at
}

/** Writes a float32, given by its bits, and returns where its text ends. Writes up to 16 bytes over that. */
function number(bits: u32, at: usize): usize {
  const magnitude = bits & 0x7fffffff
  if (magnitude >= 0x7f800000) {
    store<u32>(at, NULL)
    return at + 4
  }
  store<u8>(at, MINUS)
  at += bits >> 31
  if (magnitude == 0) {
    store<u8>(at, ZERO)
    return at + 1
  }
  const found = shortest(magnitude)
  let digits = <u32>found
  let point = <i32>(found >> 32) + 8
  // Nine digits, so that point is the power of ten of the first.
  while (digits < 10_000_000) {
    digits *= 10
    point--
  }
  const eight = digits < 100_000_000
  digits = select<u32>(digits * 10, digits, eight)
  point -= i32(eight)
  const first = digits / 100_000_000
  const others = eightDigits(digits - first * 100_000_000)
  const significant: i32 = 9 - (<i32>clz<u64>(others) >> 3) // without the zeros at the end
  const text = others + EIGHT_ZEROS

  if (point < 0 && point >= -4) {
    store<u64>(at, EIGHT_ZEROS)
    store<u8>(at, POINT, 1)
    at += 1 - point
    store<u8>(at, ZERO + <u8>first)
    store<u64>(at, text, 1)
    return at + significant
  }
  store<u8>(at, ZERO + <u8>first)
  if (<u32>point < 9) {
    store<u64>(at, text, 1)
    store<u64>(at + point, text >> (<u64>point << 3), 2)
    store<u8>(at + point, POINT, 1)
    return at + select(significant + 1, point + 1, significant > point + 1)
  }
  store<u8>(at, POINT, 1)
  store<u64>(at, text, 2)
  at += select(significant + 1, 1, significant > 1)
  store<u8>(at, E)
  store<u8>(at, MINUS, 1)
  at += 1 + i32(point < 0)
  const power = <u32>abs(point)
  store<u8>(at, ZERO + <u8>(power / 10))
  at += u32(power >= 10)
  store<u8>(at, ZERO + <u8>(power % 10))
  return at + 1
}

/** The eight digits of v < 10^8 as bytes 0 to 9, the first digit in the lowest: halves, quarters, digits at once. */
function eightDigits(v: u32): u64 {
  const high = v / 10000
  const halves = <u64>high | <u64>(v - high * 10000) << 32
  const hundreds = (halves * 10486 >> 20) & 0x0000007f0000007f
  const quarters = hundreds | (halves - hundreds * 100) << 16
  const tens = (quarters * 103 >> 10) & 0x000f000f000f000f
  return tens | (quarters - tens * 10) << 8
}
