/** z = sum_j a_j v_j over a row's keys first..: weights (end - first), values (keys, valueDim) -> (valueDim) */
export function mixValues(
  weights: Float64Array,
  values: Float64Array,
  first: number,
  valueDim: number,
  isVisible: (i: number) => boolean,
): Float64Array {
  const mixed = new Float64Array(valueDim)
  for (let i = 0; i < weights.length; i++) {
    if (!isVisible(i)) continue // what is hidden may be infinite, and 0 times that is not a number
    for (let d = 0; d < valueDim; d++) mixed[d]! += weights[i]! * values[(first + i) * valueDim + d]!
  }
  return mixed
}
