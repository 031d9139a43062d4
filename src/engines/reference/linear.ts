/**
 * y = x W^T + b in float64.
 * x (rows, inputs), weight (outputs, inputs), bias (outputs) or null -> (rows, outputs)
 */
export function linear(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  rows: number,
  inputs: number,
  outputs: number,
): Float64Array {
  const y = new Float64Array(rows * outputs)
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = 0
      for (let input = 0; input < inputs; input++) sum += x[row * inputs + input]! * weight[output * inputs + input]!
      y[row * outputs + output] = bias === null ? sum : sum + bias[output]!
    }
  }
  return y
}
