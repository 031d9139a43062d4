/**
 * What float32 cannot hold becomes infinite, in place: the definition works in float64, but what it says of numbers too
 * large must be what float32 engines say. All other numbers keep their float64 digits.
 */
export function overflow(x: Float64Array): Float64Array {
  for (let i = 0; i < x.length; i++) {
    const rounded = Math.fround(x[i]!)
    if (rounded === Infinity || rounded === -Infinity) x[i] = rounded
  }
  return x
}
