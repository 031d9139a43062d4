/** The lengths of a problem's arrays. */
export interface ProblemSize {
  readonly batch: number
  /** Heads of the queries. */
  readonly heads: number
  /** Heads of the keys and values, a divisor of `heads`: head h reads head floor(h * keyValueHeads / heads) of them. */
  readonly keyValueHeads: number
  /** Query positions. */
  readonly queries: number
  /** Key positions. */
  readonly keys: number
  /** Width of one head's queries and keys. */
  readonly headDim: number
  /** Width of one head's values. */
  readonly valueDim: number
  /** Width of the vectors that queries are projected from; 0 where queries, keys and values are given. */
  readonly dIn: number
  /** Of the vectors that keys are projected from: dIn but in cross attention. */
  readonly keyDIn: number
  readonly valueDIn: number
  /** Width of the output projection; 0 where none follows. */
  readonly outputDim: number
}

/** The size of self-attention: one sequence, one input, values as wide as keys. */
export function selfAttentionSize(of: {
  readonly batch: number
  readonly length: number
  readonly dIn: number
  readonly heads: number
  readonly keyValueHeads?: number
  readonly headDim: number
  readonly outputDim?: number
}): ProblemSize {
  const { batch, length, dIn, heads, keyValueHeads = heads, headDim, outputDim = 0 } = of
  return {
    batch,
    heads,
    keyValueHeads,
    queries: length,
    keys: length,
    headDim,
    valueDim: headDim,
    dIn,
    keyDIn: dIn,
    valueDIn: dIn,
    outputDim,
  }
}

/** Width of all heads' values side by side. */
export function mixedDim({ heads, valueDim }: ProblemSize): number {
  return heads * valueDim
}

/** Width of a context vector. */
export function contextDim(size: ProblemSize): number {
  return size.outputDim === 0 ? mixedDim(size) : size.outputDim
}

/** Multiply-adds of the projections, the output projection included. */
export function projectionMultiplyAdds(size: ProblemSize): number {
  const { batch, heads, keyValueHeads, queries, keys, headDim, valueDim, dIn, keyDIn, valueDIn, outputDim } = size
  return (
    batch * queries * heads * (dIn * headDim + valueDim * outputDim) +
    batch * keys * keyValueHeads * (keyDIn * headDim + valueDIn * valueDim)
  )
}

/**
 * Multiply-adds of a problem: projections, scores, values mixed and the output projection.
 * @param seen pairs of a query and a key that it sees, over all items and heads (`seenPairs`)
 */
export function multiplyAdds(size: ProblemSize, seen: number): number {
  return projectionMultiplyAdds(size) + seen * (size.headDim + size.valueDim)
}
