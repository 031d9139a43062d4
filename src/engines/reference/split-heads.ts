/** (batch, seqLen, heads * headDim) -> (batch, heads, seqLen, headDim) */
export function splitHeads(
  x: Float64Array,
  batch: number,
  seqLen: number,
  heads: number,
  headDim: number,
): Float64Array {
  const y = new Float64Array(x.length)
  for (let item = 0; item < batch; item++) {
    for (let position = 0; position < seqLen; position++) {
      for (let head = 0; head < heads; head++) {
        const from = ((item * seqLen + position) * heads + head) * headDim
        y.set(x.subarray(from, from + headDim), ((item * heads + head) * seqLen + position) * headDim)
      }
    }
  }
  return y
}
