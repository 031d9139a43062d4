/**
 * The slopes of ALiBi for so many heads (Press, Smith and Lewis 2022, section 3): 2^(-8 h / n) for h = 1..n where n is a
 * power of two; otherwise those of the power of two below, then every other one of the power of two above.
 */
export function standardSlopes(heads: number): Float64Array {
  const geometric = (count: number): number[] => Array.from({ length: count }, (_, h) => 2 ** ((-8 * (h + 1)) / count))
  const below = 2 ** Math.floor(Math.log2(heads))
  const more = geometric(2 * below).filter((_, h) => h % 2 === 0)
  return Float64Array.from([...geometric(below), ...more.slice(0, heads - below)])
}
