import { normalBlock } from './box-muller.ts'
import type { Draws } from './draws.ts'
import { Mt19937 } from './mt19937.ts'
import { NormalPairs, uniform64 } from './normal-pairs.ts'

/**
 * PyTorch 2.9's CPU generator, written to be read: the definition that Generator, which
 * draws the same numbers from a WebAssembly kernel, is tested against. From
 * ATen/core/TransformationHelper.h, DistributionsHelper.h and ATen/native/cpu/
 * DistributionTemplates.h, as compiled for AVX2, with fused multiply-adds; on Intel's CPUs
 * PyTorch may draw the mask from MKL instead.
 */
export class PlainGenerator implements Draws {
  private readonly engine: Mt19937
  private readonly pairs = new NormalPairs()
  private readonly nextWord = (): number => this.engine.next()

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
    if (out.length < 16) return this.pairs.fill(out, this.nextWord)
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
    for (let i = 0; i < out.length; i++) out[i] = uniform64(this.nextWord) < 1 - dropout ? 1 : 0
  }
}
