/** (batch, length, heads * headDim) -> (batch, heads, length, headDim) */
export function splitHeads(
  x: Float64Array,
  batch: number,
  length: number,
  heads: number,
  headDim: number,
): Float64Array {
  const y = new Float64Array(x.length)
  for (let item = 0; item < batch; item++) {
    for (let position = 0; position < length; position++) {
      for (let head = 0; head < heads; head++) {
        const from = ((item * length + position) * heads + head) * headDim
        y.set(x.subarray(from, from + headDim), ((item * heads + head) * length + position) * headDim)
      }
    }
  }
  return y
}
