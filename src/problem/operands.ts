/** float64 only where a client sent it; engines that compute in float32 round once. */
export type Floats = Float32Array | Float64Array

/** y = x W^T + b, as PyTorch's Linear keeps it. */
export interface Projection {
  /** (out, in) */
  readonly weight: Float32Array
  /** (out), or null */
  readonly bias: Float32Array | null
}

/** The parameters of an attention layer in the form that engines know: heads stacked, head after head. */
export interface Projections {
  /** (heads * headDim, dIn) */
  readonly query: Projection
  /** (keyValueHeads * headDim, keyDIn) */
  readonly key: Projection
  /**
   * (keyValueHeads * valueDim, valueDIn), or null where nobody asks for contexts: a problem of maps alone, which is
   * half the work
   */
  readonly value: Projection | null
  /** (outputDim, heads * valueDim), or null where the heads' outputs, side by side, are the context */
  readonly output: Projection | null
}

/** Root mean square norm of each head's vector: x / sqrt(mean(x^2) + epsilon) * weight (Zhang and Sennrich 2019). */
export interface HeadNorm {
  /** (headDim) */
  readonly weight: Float32Array
  readonly epsilon: number
}

/** Queries, keys and values as they are. */
export interface GivenOperands {
  readonly kind: 'given'
  /** (batch, heads, queries, headDim) */
  readonly query: Floats
  /** (batch, keyValueHeads, keys, headDim) */
  readonly key: Floats
  /** (batch, keyValueHeads, keys, valueDim), or null where no contexts are wanted */
  readonly value: Floats | null
}

/** Queries, keys and values projected from inputs. Self-attention has one input: the same array three times. */
export interface ProjectedOperands {
  readonly kind: 'projected'
  /** (batch, queries, dIn) */
  readonly queryInput: Float32Array
  /** (batch, keys, keyDIn) */
  readonly keyInput: Float32Array
  /** (batch, keys, valueDIn) */
  readonly valueInput: Float32Array
  readonly projections: Projections
  /** Between projection and rotary positions, as in Qwen 3 and Gemma 3; null where there is none. */
  readonly queryNorm: HeadNorm | null
  readonly keyNorm: HeadNorm | null
}

export type Operands = GivenOperands | ProjectedOperands

/**
 * Rotary positions (Su et al. 2021): pair k of a head's vector is turned by position * frequencies[k]. With n
 * frequencies the first 2 n values of a head are turned, the others left as they are. Query i has the position
 * queryOffset + i, key j keyOffset + j.
 */
export interface Rotary {
  /** Radians a position, any scaling applied. */
  readonly frequencies: Float64Array
  /** Pair k is (2 k, 2 k + 1); otherwise (k, k + n). */
  readonly interleaved: boolean
  readonly queryOffset: number
  readonly keyOffset: number
  /** What sines and cosines are multiplied by: 1 but under scalings that say otherwise (YaRN). */
  readonly magnitude: number
}
