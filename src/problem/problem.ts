/** y = x W^T + b, as PyTorch's Linear keeps it. */
export interface Projection {
  /** (out, in) */
  readonly weight: Float32Array
  /** (out), or null */
  readonly bias: Float32Array | null
}

/** The parameters of a model in the form that engines know: heads stacked, head after head. */
export interface Projections {
  /** (numHeads * headDim, dIn) */
  readonly query: Projection
  /** (numKeyValueHeads * headDim, dIn) */
  readonly key: Projection
  /**
   * (numKeyValueHeads * headDim, dIn), or null where nobody asks for contexts: a problem of maps alone, which is half
   * the work
   */
  readonly value: Projection | null
  /** (outputDim, numHeads * headDim), or null where the heads' outputs, side by side, are the context */
  readonly output: Projection | null
}

/** A dropout mask over the weights, (batch, heads, query, key): 1 keeps, 0 drops; kept weights are divided by 1 - p. */
export interface DropoutMask {
  readonly keep: Uint8Array
  readonly keepProbability: number
}

/** What an engine solves; it knows nothing of model classes. */
export interface AttentionProblem {
  readonly batch: number
  readonly seqLen: number
  readonly dIn: number
  readonly numHeads: number
  /** Equal to numHeads today; fewer when queries are grouped. */
  readonly numKeyValueHeads: number
  readonly headDim: number
  readonly outputDim: number
  /** (batch, seqLen, dIn) */
  readonly input: Float32Array
  readonly projections: Projections
  /** Query i sees the keys j <= i. */
  readonly mask: 'causal'
  /** Scores are q . k times this: 1 / sqrt(headDim). */
  readonly scale: number
  readonly dropout: DropoutMask | null
}
