/** 5^k for k from 0 to 16: what src/kernels/assembly/shortest.ts multiplies by, exactly. */
export const powersOfFive = Array.from({ length: 17 }, (_, k) => 5n ** BigInt(k))

/** The highest 64 bits of 10^k, plus one, for k from -31 to 45: Schubfach's table for float32. */
export const powersOfTen = Array.from({ length: 77 }, (_, i) => highest64Bits(i - 31) + 1n)

/** 10^k for k from 0 to 63, each rounded to float64: what number-arrays.ts multiplies or divides by. */
export const floatPowersOfTen = Array.from({ length: 64 }, (_, k) => Number(`1e${k}`))

/** 10^k for k from 0 to 16. */
export const wholePowersOfTen = Array.from({ length: 17 }, (_, k) => 10n ** BigInt(k))

/** A float32's exponents, biased by 127, from 2^-13 to below 1: those that two-fractions.ts writes. */
export const fractionExponents = Array.from({ length: 13 }, (_, i) => 114 + i)

/** The q with which 10^-q is just below the unit in the last place, 2^(biased - 150). */
export const decimalPlaces = (biased: number): number => Math.ceil((150 - biased) * Math.log10(2))

/** 10^q, and half a unit in the last place in units of 10^-q: both exact. */
export const fractionScale = (biased: number): [number, number] => {
  const power = 10 ** decimalPlaces(biased)
  return [power, 2 ** (biased - 151) * power]
}

/** floor(10^k * 2^s), with the s that puts it between 2^63 and 2^64. */
function highest64Bits(k: number): bigint {
  const power = 10n ** BigInt(Math.abs(k))
  const bits = BigInt(power.toString(2).length)
  if (k >= 0) return (power << 64n) >> bits
  // 1 / power lies above 2^-bits.
  return (1n << (63n + bits)) / power
}
