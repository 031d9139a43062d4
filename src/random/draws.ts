/**
 * PyTorch's draws, in the order in which a model makes them. Every call goes on where
 * the one before stopped.
 */
export interface Draws {
  /** Float32 uniforms of [low, high): `Tensor.uniform_(low, high)`. */
  uniform(out: Float32Array, low: number, high: number): void
  /** Goes on as if `count` float32 uniforms had been drawn; `count` is less than 2^32. */
  skipUniform(count: number): void
  /** Standard normals: `torch.randn(out.length)`. */
  normal(out: Float32Array): void
  /** Dropout's mask, 1 where a value is kept: `Tensor.bernoulli_(1 - dropout)`. Nothing is drawn for 0 and 1. */
  keepMask(out: Uint8Array, dropout: number): void
}
