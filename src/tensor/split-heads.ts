import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

interface SideBySide {
  readonly batch: number
  readonly length: number
  readonly heads: number
  readonly headDim: number
  /** Whether the positions come before the items. */
  readonly positionsFirst?: boolean
}

/** (batch, length, heads * headDim), or (length, batch, heads * headDim) -> (batch, heads, length, headDim) */
export function splitHeads(
  x: Float32Array,
  { batch, length, heads, headDim, positionsFirst = false }: SideBySide,
): Tensor {
  const y = new Float32Array(x.length)
  let to = 0
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let position = 0; position < length; position++) {
        const place = positionsFirst ? position * batch + item : item * length + position
        const from = (place * heads + head) * headDim
        for (let d = 0; d < headDim; d++) y[to++] = x[from + d]!
      }
    }
  }
  return tensor([batch, heads, length, headDim], y)
}
