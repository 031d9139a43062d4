import { SCRATCH } from './memory'

/**
 * Moments of float32 values in SCRATCH, all sums in float64, for the statistics of a context; the plain definition is
 * src/statistics/context-statistics.ts. No fused instructions, so that the sums are the same on every machine.
 *
 * Of the last window: min, max, sum, the sum of deviations from the window's own mean (what rounding has left of it)
 * and of their squares, the sum of the Euclidean norms of the rows that ended in it, and the squares so far of the row
 * that goes on.
 */
export const MOMENTS: usize = memory.data(7 * 8, 16)

/** Takes a window of `count` values: rows of `width`, of the first of which the last `left` are still to come. */
export function moments(count: u32, width: u32, left: u32): void {
  const end = SCRATCH + (<usize>count << 2)
  let rowEnd = SCRATCH + (<usize>left << 2)
  let squares = left == width ? 0 : load<f64>(MOMENTS, 48)
  let lows = f32x4.splat(Infinity)
  let highs = f32x4.splat(-Infinity)
  let sumA = f64x2.splat(0), sumB = sumA
  let sum: f64 = 0
  let norms: f64 = 0
  let at = SCRATCH
  while (at < end) {
    const stop = min(rowEnd, end)
    let squareA = f64x2.splat(0), squareB = squareA
    for (; at + 16 <= stop; at += 16) {
      const values = v128.load(at)
      // pmin(a, b) is b < a ? b : a: NaN is passed over.
      lows = f32x4.pmin(lows, values)
      highs = f32x4.pmax(highs, values)
      const a = pair(at)
      const b = pair(at + 8)
      sumA = f64x2.add(sumA, a)
      sumB = f64x2.add(sumB, b)
      squareA = f64x2.add(squareA, f64x2.mul(a, a))
      squareB = f64x2.add(squareB, f64x2.mul(b, b))
    }
    squares += both(f64x2.add(squareA, squareB))
    for (; at < stop; at += 4) {
      const value = load<f32>(at)
      lows = f32x4.pmin(lows, f32x4.splat(value))
      highs = f32x4.pmax(highs, f32x4.splat(value))
      sum += value
      squares += <f64>value * <f64>value
    }
    if (at == rowEnd) {
      norms += sqrt(squares)
      squares = 0
      rowEnd += <usize>width << 2
    }
  }
  sum += both(f64x2.add(sumA, sumB))
  lows = f32x4.pmin(lows, v128.shuffle<i32>(lows, lows, 2, 3, 0, 1))
  highs = f32x4.pmax(highs, v128.shuffle<i32>(highs, highs, 2, 3, 0, 1))
  store<f64>(MOMENTS, min(f32x4.extract_lane(lows, 0), f32x4.extract_lane(lows, 1)))
  store<f64>(MOMENTS, max(f32x4.extract_lane(highs, 0), f32x4.extract_lane(highs, 1)), 8)
  store<f64>(MOMENTS, sum, 16)
  deviations(end, sum / count)
  store<f64>(MOMENTS, norms, 40)
  store<f64>(MOMENTS, squares, 48)
}

/** The second pass over the window: deviations from `mean`, and their squares. */
function deviations(end: usize, mean: f64): void {
  const means = f64x2.splat(mean)
  let sumA = f64x2.splat(0), sumB = sumA
  let squareA = sumA, squareB = sumA
  let at = SCRATCH
  for (; at + 16 <= end; at += 16) {
    const a = f64x2.sub(pair(at), means)
    const b = f64x2.sub(pair(at + 8), means)
    sumA = f64x2.add(sumA, a)
    sumB = f64x2.add(sumB, b)
    squareA = f64x2.add(squareA, f64x2.mul(a, a))
    squareB = f64x2.add(squareB, f64x2.mul(b, b))
  }
  let sum = both(f64x2.add(sumA, sumB))
  let squares = both(f64x2.add(squareA, squareB))
  for (; at < end; at += 4) {
    const deviation = <f64>load<f32>(at) - mean
    sum += deviation
    squares += deviation * deviation
  }
  store<f64>(MOMENTS, sum, 24)
  store<f64>(MOMENTS, squares, 32)
}

/** Two values as float64. */
// @ts-ignore: decorator
@inline
function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at))
}

/** The sum of two lanes. */
// @ts-ignore: decorator
@inline
function both(lanes: v128): f64 {
  return f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1)
}
