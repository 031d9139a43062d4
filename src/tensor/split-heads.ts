import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

interface SideBySide {
  readonly batch: number
  readonly seqLen: number
  readonly heads: number
  readonly headDim: number
  /** Whether the positions come before the items. */
  readonly positionsFirst?: boolean
}

/** (batch, seqLen, heads * headDim), or (seqLen, batch, heads * headDim) -> (batch, heads, seqLen, headDim) */
export function splitHeads(
  x: Float32Array,
  { batch, seqLen, heads, headDim, positionsFirst = false }: SideBySide,
): Tensor {
  const y = new Float32Array(x.length)
  let to = 0
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let position = 0; position < seqLen; position++) {
        const place = positionsFirst ? position * batch + item : item * seqLen + position
        const from = (place * heads + head) * headDim
        for (let d = 0; d < headDim; d++) y[to++] = x[from + d]!
      }
    }
  }
  return tensor([batch, heads, seqLen, headDim], y)
}
