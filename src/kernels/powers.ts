/** 5^k for k from 0 to 16: what src/kernels/assembly/shortest.ts multiplies by, exactly. */
export const powersOfFive = Array.from({ length: 17 }, (_, k) => 5n ** BigInt(k))

/** The highest 64 bits of 10^k, plus one, for k from -31 to 45: Schubfach's table for float32. */
export const powersOfTen = Array.from({ length: 77 }, (_, i) => highest64Bits(i - 31) + 1n)

/** 10^k for k from 0 to 63, each rounded to float64: what number-arrays.ts multiplies or divides by. */
export const floatPowersOfTen = Array.from({ length: 64 }, (_, k) => Number(`1e${k}`))

/** 10^k for k from 0 to 16. */
export const wholePowersOfTen = Array.from({ length: 17 }, (_, k) => 10n ** BigInt(k))

/** floor(10^k * 2^s), with the s that puts it between 2^63 and 2^64. */
function highest64Bits(k: number): bigint {
  const power = 10n ** BigInt(Math.abs(k))
  const bits = BigInt(power.toString(2).length)
  if (k >= 0) return (power << 64n) >> bits
  // 1 / power lies above 2^-bits.
  return (1n << (63n + bits)) / power
}
