/**
 * y = x W^T + b, four outputs at a time so that four sums are under way at once.
 * x (rows, inputs), weight (outputs, inputs), bias (outputs) or null -> (rows, outputs)
 */
export function linear(x: Float32Array, weight: Float32Array, bias: Float32Array | null, rows: number, inputs: number, outputs: number): Float32Array {
  const y = new Float32Array(rows * outputs)
  const whole = outputs - (outputs % 4)
  for (let row = 0; row < rows; row++) {
    const xs = row * inputs
    const ys = row * outputs
    for (let output = 0; output < whole; output += 4) {
      let w0 = output * inputs
      let w1 = w0 + inputs
      let w2 = w1 + inputs
      let w3 = w2 + inputs
      let a = 0, b = 0, c = 0, d = 0
      if (bias !== null) {
        a = bias[output]!
        b = bias[output + 1]!
        c = bias[output + 2]!
        d = bias[output + 3]!
      }
      for (let i = xs; i < xs + inputs; i++) {
        const value = x[i]!
        a += value * weight[w0++]!
        b += value * weight[w1++]!
        c += value * weight[w2++]!
        d += value * weight[w3++]!
      }
      y[ys + output] = a
      y[ys + output + 1] = b
      y[ys + output + 2] = c
      y[ys + output + 3] = d
    }
    for (let output = whole; output < outputs; output++) {
      let sum = bias === null ? 0 : bias[output]!
      for (let i = 0, w = output * inputs; i < inputs; i++, w++) sum += x[xs + i]! * weight[w]!
      y[ys + output] = sum
    }
  }
  return y
}
