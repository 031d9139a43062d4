/** (batch, heads, length, headDim) -> (batch, length, heads * headDim) */
export function joinHeads(
  x: Float64Array,
  batch: number,
  length: number,
  heads: number,
  headDim: number,
): Float64Array {
  const y = new Float64Array(x.length)
  for (let item = 0; item < batch; item++) {
    for (let head = 0; head < heads; head++) {
      for (let position = 0; position < length; position++) {
        const from = ((item * heads + head) * length + position) * headDim
        y.set(x.subarray(from, from + headDim), ((item * length + position) * heads + head) * headDim)
      }
    }
  }
  return y
}
