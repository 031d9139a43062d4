import type { HeadNorm, Rotary } from '../problem/operands.ts'

/** Where vectors of one head each lie in an array: `width` numbers at item, position and head times their strides. */
export interface HeadVectors {
  readonly batch: number
  readonly length: number
  readonly heads: number
  readonly width: number
  readonly itemStride: number
  readonly positionStride: number
  readonly headStride: number
}

/** (batch, length, heads * width): heads side by side, as a projection leaves them. */
export function sideBySide(batch: number, length: number, heads: number, width: number): HeadVectors {
  const positionStride = heads * width
  return { batch, length, heads, width, itemStride: length * positionStride, positionStride, headStride: width }
}

/** (batch, heads, length, width): head after head, as operands are given. */
export function headAfterHead(batch: number, length: number, heads: number, width: number): HeadVectors {
  const headStride = length * width
  return { batch, length, heads, width, itemStride: heads * headStride, positionStride: width, headStride }
}

/** (length, batch, heads * width): positions first. */
export function positionsFirst(batch: number, length: number, heads: number, width: number): HeadVectors {
  return {
    batch,
    length,
    heads,
    width,
    itemStride: heads * width,
    positionStride: batch * heads * width,
    headStride: width,
  }
}

/** Root mean square norm of each vector, in place: x / sqrt(mean(x^2) + epsilon) * weight. */
export function normVectors(x: Float32Array, at: HeadVectors, { weight, epsilon }: HeadNorm): void {
  const { width } = at
  eachVector(at, (start) => {
    let squares = 0
    for (let d = 0; d < width; d++) squares += x[start + d]! * x[start + d]!
    const inverse = 1 / Math.sqrt(squares / width + epsilon)
    for (let d = 0; d < width; d++) x[start + d]! *= inverse * weight[d]!
  })
}

/** Turns each vector by its position plus `offset`, in place (problem/operands.ts has the definition). */
export function turnVectors(x: Float32Array, at: HeadVectors, rotary: Rotary, offset: number): void {
  const { frequencies, interleaved, magnitude } = rotary
  const pairs = frequencies.length
  const cosines = new Float64Array(at.length * pairs)
  const sines = new Float64Array(at.length * pairs)
  for (let position = 0, i = 0; position < at.length; position++) {
    for (let pair = 0; pair < pairs; pair++, i++) {
      const angle = (offset + position) * frequencies[pair]!
      cosines[i] = Math.cos(angle) * magnitude
      sines[i] = Math.sin(angle) * magnitude
    }
  }
  const step = interleaved ? 2 : 1
  const apart = interleaved ? 1 : pairs
  eachVector(at, (start, position) => {
    for (let pair = 0; pair < pairs; pair++) {
      const first = start + pair * step
      const [cos, sin] = [cosines[position * pairs + pair]!, sines[position * pairs + pair]!]
      const [a, b] = [x[first]!, x[first + apart]!]
      x[first] = a * cos - b * sin
      x[first + apart] = a * sin + b * cos
    }
  })
}

function eachVector(at: HeadVectors, call: (start: number, position: number) => void): void {
  const { batch, length, heads, itemStride, positionStride, headStride } = at
  for (let item = 0; item < batch; item++) {
    for (let position = 0; position < length; position++) {
      for (let head = 0; head < heads; head++) {
        call(item * itemStride + position * positionStride + head * headStride, position)
      }
    }
  }
}
