/** An array over (batch, heads, queries, keys) of which some axes are repeated: their stride is 0. */
export interface Broadcast<Data> {
  readonly data: Data
  readonly itemStride: number
  readonly headStride: number
  readonly queryStride: number
  readonly keyStride: number
}

/**
 * An array of rank 0 to 4 broadcast to (batch, heads, queries, keys) as NumPy does: axes are matched from the last one
 * on, and an axis of length 1 or one that is absent is repeated. Null where it does not fit.
 */
export function broadcastTo<Data>(
  data: Data,
  shape: readonly number[],
  to: readonly [batch: number, heads: number, queries: number, keys: number],
): Broadcast<Data> | null {
  if (shape.length > to.length) return null
  const strides = [0, 0, 0, 0]
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]!
    const at = to.length - shape.length + axis
    if (length !== 1 && length !== to[at]) return null
    strides[at] = length === 1 ? 0 : stride
    stride *= length
  }
  const [itemStride, headStride, queryStride, keyStride] = strides as [number, number, number, number]
  return { data, itemStride, headStride, queryStride, keyStride }
}

/** Where the row of a query begins: its key j is at `rowStart + j * keyStride`. */
export function rowStart(of: Broadcast<unknown>, item: number, head: number, query: number): number {
  return item * of.itemStride + head * of.headStride + query * of.queryStride
}
