/** A dense float32 array in row-major order. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (const length of shape) size *= length
  return size
}

/** A tensor over `data`, which must have as many elements as `shape` says. */
export function tensor(shape: readonly number[], data: Float32Array): Tensor {
  if (data.length !== sizeOf(shape))
    throw new RangeError(`${data.length} values do not fill the shape ${shape.join(' x ')}`)
  return { shape, data }
}
