import { Matrix, SingularValueDecomposition } from 'ml-matrix'

/**
 * Effective rank (Roy and Vetterli 2007) of Q K^T: exp of the entropy of its singular values over their sum. Between
 * 1 and min(length, width); NaN where Q K^T is zero.
 *
 * With Q = Q' R_q and K = K' R_k, Q K^T has the singular values of R_q R_k^T, which is width x width: smaller than
 * length x length wherever a head is narrower than its sequence is long.
 * `queries`, `keys`: (length, width) row-major from `offset` on.
 */
export function effectiveRank(
  queries: Float32Array,
  keys: Float32Array,
  offset: number,
  length: number,
  width: number,
): number {
  if (width === 1) return isZero(queries, offset, length) || isZero(keys, offset, length) ? NaN : 1
  const narrow = width < length
  const left = narrow ? triangularFactor(queries, offset, length, width) : rowsOf(queries, offset, length, width)
  const right = narrow ? triangularFactor(keys, offset, length, width) : rowsOf(keys, offset, length, width)
  return entropyRank(
    new SingularValueDecomposition(left.mmul(right.transpose()), {
      computeLeftSingularVectors: false,
      computeRightSingularVectors: false,
    }).diagonal,
  )
}

/** exp of the entropy of values over their sum. */
export function entropyRank(values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0)
  if (!(sum > 0)) return NaN
  let entropy = 0
  for (const value of values) if (value > 0) entropy -= (value / sum) * Math.log(value / sum)
  return Math.exp(entropy)
}

function isZero(data: Float32Array, offset: number, count: number): boolean {
  for (let i = offset; i < offset + count; i++) if (data[i] !== 0) return false
  return true
}

function rowsOf(data: Float32Array, offset: number, length: number, width: number): Matrix {
  const matrix = new Matrix(length, width)
  for (let row = 0; row < length; row++)
    for (let column = 0; column < width; column++) matrix.set(row, column, data[offset + row * width + column]!)
  return matrix
}

/** R of X = Q R, (width, width), by modified Gram-Schmidt, whose R is as accurate as Householder's (Bjorck 1967). */
function triangularFactor(data: Float32Array, offset: number, length: number, width: number): Matrix {
  const x = Float64Array.from(data.subarray(offset, offset + length * width))
  const r = Matrix.zeros(width, width)
  for (let column = 0; column < width; column++) {
    let square = 0
    for (let at = column; at < x.length; at += width) square += x[at]! * x[at]!
    const norm = Math.sqrt(square)
    r.set(column, column, norm)
    for (let other = column + 1; norm > 0 && other < width; other++) {
      let dot = 0
      for (let at = 0; at < x.length; at += width) dot += x[at + column]! * x[at + other]!
      const along = dot / square
      r.set(column, other, dot / norm)
      for (let at = 0; at < x.length; at += width) x[at + other]! -= along * x[at + column]!
    }
  }
  return r
}
