import { normalBlock, normalPair } from './box-muller.ts'
import { Mt19937 } from './mt19937.ts'

/**
 * PyTorch's draws, in the order in which a model makes them. Every call goes on where
 * the one before stopped.
 */
export interface Draws {
  /** Float32 uniforms of [low, high): `Tensor.uniform_(low, high)`. */
  uniform(out: Float32Array, low: number, high: number): void
  /** Goes on as if `count` float32 uniforms had been drawn. */
  skipUniform(count: number): void
  /** Standard normals: `torch.randn(out.length)`. */
  normal(out: Float32Array): void
  /** Dropout's mask, 1 where a value is kept: `Tensor.bernoulli_(1 - dropout)`. Nothing is drawn for 0 and 1. */
  keepMask(out: Uint8Array, dropout: number): void
}

/**
 * PyTorch 2.9's CPU generator, written to be read: the definition that Generator, which
 * draws the same numbers from a WebAssembly kernel, is tested against. From
 * ATen/core/TransformationHelper.h, DistributionsHelper.h and ATen/native/cpu/
 * DistributionTemplates.h.
 */
export class PlainGenerator implements Draws {
  private readonly engine: Mt19937
  /** The second normal of a pair, kept for the next call that draws fewer than 16. */
  private spare: number | undefined

  /** `seed` is an integer from 0 to 2^53 - 1: `torch.manual_seed(seed)`. */
  constructor(seed: number) {
    this.engine = new Mt19937(seed)
  }

  uniform(out: Float32Array, low: number, high: number): void {
    const from = Math.fround(low)
    const range = Math.fround(Math.fround(high) - from)
    // 24 random bits; the multiplication and the addition are fused, so rounded once.
    for (let i = 0; i < out.length; i++) out[i] = (this.engine.next() & 0xffffff) * 2 ** -24 * range + from
  }

  skipUniform(count: number): void {
    for (let i = 0; i < count; i++) this.engine.next()
  }

  normal(out: Float32Array): void {
    if (out.length < 16) return this.fewNormals(out)
    const rest = out.length % 16
    this.uniform(out, 0, 1)
    for (let i = 0; i < out.length - rest; i += 16) normalBlock(out, i)
    if (rest === 0) return
    // What does not fill a block is drawn anew, together with enough values before it.
    const tail = out.subarray(-16)
    this.uniform(tail, 0, 1)
    normalBlock(tail, 0)
  }

  keepMask(out: Uint8Array, dropout: number): void {
    if (dropout === 0 || dropout === 1) {
      out.fill(1 - dropout)
      return
    }
    for (let i = 0; i < out.length; i++) out[i] = this.uniform64() < 1 - dropout ? 1 : 0
  }

  private fewNormals(out: Float32Array): void {
    for (let i = 0; i < out.length; i++) {
      if (this.spare !== undefined) {
        out[i] = this.spare
        this.spare = undefined
        continue
      }
      const angle = this.uniform64()
      const [first, second] = normalPair(angle, this.uniform64())
      out[i] = first
      this.spare = second
    }
  }

  /** 53 random bits as a float64 of [0, 1): the first draw is the high word. */
  private uniform64(): number {
    const high = this.engine.next() & 0x1fffff
    return (high * 2 ** 32 + this.engine.next()) * 2 ** -53
  }
}
