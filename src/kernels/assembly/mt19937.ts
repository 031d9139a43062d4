/**
 * The Mersenne Twister, four words at a time. Its definition is src/random/mt19937.ts.
 */

const LENGTH: u32 = 624
const LAG: u32 = 397

/** The state's 624 words, then the position of the next one: what a generator saves and restores. */
export const STATE: usize = memory.data(625 * 4, 16)

function position(): u32 {
  return load<u32>(STATE, 624 * 4)
}

function setPosition(value: u32): void {
  store<u32>(STATE, value, 624 * 4)
}

export function seed(value: u32): void {
  store<u32>(STATE, value)
  for (let i: u32 = 1; i < LENGTH; i++) {
    value = 1812433253 * (value ^ (value >> 30)) + i
    store<u32>(STATE + (i << 2), value)
  }
  setPosition(LENGTH)
}

/** state[to] from state[to], its follower and the word a lag away. */
function twistOne(to: u32, next: u32, lag: u32): void {
  const word = (load<u32>(STATE + (to << 2)) & 0x80000000) | (load<u32>(STATE + (next << 2)) & 0x7fffffff)
  store<u32>(STATE + (to << 2), load<u32>(STATE + (lag << 2)) ^ (word >> 1) ^ (-(word & 1) & 0x9908b0df))
}

/** The same for the four words from `to` on; `lag` is the distance in words, either way. */
function twistFour(to: usize, lag: isize): void {
  const word = v128.bitselect(v128.load(to), v128.load(to, 4), i32x4.splat(0x80000000))
  const odd = i32x4.neg(v128.and(word, i32x4.splat(1)))
  const mixed = v128.xor(i32x4.shr_u(word, 1), v128.and(odd, i32x4.splat(0x9908b0df)))
  v128.store(to, v128.xor(v128.load(to + (lag << 2)), mixed))
}

function twist(): void {
  const ahead = STATE + ((LENGTH - LAG - 3) << 2) // 224 words, a multiple of four, can look ahead
  for (let to = STATE; to < ahead; to += 16) twistFour(to, LAG)
  for (let i = LENGTH - LAG - 3; i < LENGTH - LAG; i++) twistOne(i, i + 1, i + LAG)
  const last = STATE + ((LENGTH - 1) << 2)
  for (let to = STATE + ((LENGTH - LAG) << 2); to < last; to += 16) twistFour(to, <isize>LAG - LENGTH)
  twistOne(LENGTH - 1, 0, LAG - 1)
  setPosition(0)
}

/**
 * Writes the next `count` words from `out` on, and up to three words of no meaning
 * behind them.
 */
export function draw(out: usize, count: u32): void {
  while (count > 0) {
    if (position() == LENGTH) twist()
    const from = position()
    const taken = min(count, LENGTH - from)
    const source = STATE + (from << 2)
    for (let i: usize = 0; i < <usize>taken << 2; i += 16) {
      let word = v128.load(source + i)
      word = v128.xor(word, i32x4.shr_u(word, 11))
      word = v128.xor(word, v128.and(i32x4.shl(word, 7), i32x4.splat(0x9d2c5680)))
      word = v128.xor(word, v128.and(i32x4.shl(word, 15), i32x4.splat(0xefc60000)))
      v128.store(out + i, v128.xor(word, i32x4.shr_u(word, 18)))
    }
    setPosition(from + taken)
    out += taken << 2
    count -= taken
  }
}

/** Goes on as if `count` words had been written. */
export function skip(count: u32): void {
  while (count > 0) {
    if (position() == LENGTH) twist()
    const taken = min(count, LENGTH - position())
    setPosition(position() + taken)
    count -= taken
  }
}
