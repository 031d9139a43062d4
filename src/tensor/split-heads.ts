import { tensor } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/** (batch, seqLen, heads * headDim) -> (batch, heads, seqLen, headDim) */
export function splitHeads(x: Float32Array, batch: number, seqLen: number, heads: number, headDim: number): Tensor {
  const y = new Float32Array(x.length)
  let to = 0
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let position = 0; position < seqLen; position++) {
        const from = ((item * seqLen + position) * heads + head) * headDim
        for (let d = 0; d < headDim; d++) y[to++] = x[from + d]!
      }
    }
  }
  return tensor([batch, heads, seqLen, headDim], y)
}
