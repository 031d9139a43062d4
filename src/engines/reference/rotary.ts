import type { Rotary } from '../../problem/operands.ts'

/**
 * Turns pair k of each vector by (offset + position) * frequencies[k]:
 * (a, b) -> (a cos - b sin, a sin + b cos) * magnitude. What has no frequency stays as it is.
 * (..., length, headDim) -> (..., length, headDim)
 */
export function rotate(
  x: Float64Array,
  length: number,
  headDim: number,
  { frequencies, interleaved, magnitude }: Rotary,
  offset: number,
): Float64Array {
  const y = x.slice()
  const pairs = frequencies.length
  for (let start = 0, row = 0; start < x.length; start += headDim, row++) {
    const position = offset + (row % length)
    for (let pair = 0; pair < pairs; pair++) {
      const angle = position * frequencies[pair]!
      const [cos, sin] = [Math.cos(angle) * magnitude, Math.sin(angle) * magnitude]
      const first = start + (interleaved ? 2 * pair : pair)
      const second = start + (interleaved ? 2 * pair + 1 : pair + pairs)
      y[first] = x[first]! * cos - x[second]! * sin
      y[second] = x[first]! * sin + x[second]! * cos
    }
  }
  return y
}
