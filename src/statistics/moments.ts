/** Count, mean, standard deviation and skewness of a sample. */
export interface Moments {
  readonly count: number
  /** NaN for an empty sample. */
  readonly mean: number
  /** With n - 1; NaN below two values. */
  readonly sd: number
  /** Third central moment over the second to the power 3/2, both with n; 0 where nothing varies. */
  readonly skewness: number
}

/** In two passes, so that a small spread around a large mean is not lost. */
export function moments(values: ArrayLike<number>): Moments {
  const count = values.length
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[i]!
  const mean = sum / count
  let squares = 0
  let cubes = 0
  for (let i = 0; i < count; i++) {
    const deviation = values[i]! - mean
    squares += deviation * deviation
    cubes += deviation * deviation * deviation
  }
  const variance = squares / count
  return {
    count,
    mean,
    sd: count < 2 ? NaN : Math.sqrt(squares / (count - 1)),
    skewness: variance > 0 ? cubes / count / (variance * Math.sqrt(variance)) : 0,
  }
}
