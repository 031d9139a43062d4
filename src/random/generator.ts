import * as kernels from '../kernels/kernels.ts'
import type { Draws } from './draws.ts'
import { NormalPairs } from './normal-pairs.ts'

export { linearBound } from './linear-bound.ts'

/** A generator's Mersenne Twister: its state is in `saved`, or in the kernels' memory, or not yet made. */
interface Twister {
  readonly seed: number
  saved: Uint32Array | undefined
}

/** The one whose state is in the kernels' memory. */
let resident: Twister | undefined

/** Brings a twister's state into the kernels' memory. */
function enter(twister: Twister): void {
  if (resident === twister) return
  if (resident) resident.saved = kernels.twisterState.slice()
  resident = twister
  if (twister.saved) kernels.twisterState.set(twister.saved)
  else kernels.seed(twister.seed)
}

function nextWord(): number {
  kernels.words(1)
  return kernels.scratch.words[0]!
}

/**
 * PyTorch's CPU generator as the service uses it: the WebAssembly kernel's draws, equal
 * to PlainGenerator's, which is their definition. Cheap to make: the seeding is left to
 * the first draw, and the state to the kernels until another generator draws.
 */
export class Generator implements Draws {
  private readonly twister: Twister
  private readonly pairs = new NormalPairs()

  /** `seed` is an integer from 0 to 2^53 - 1: `torch.manual_seed(seed)`. */
  constructor(seed: number) {
    this.twister = { seed, saved: undefined }
  }

  /** No more will be drawn from it: its state, 2.5 KB, need not be kept when the next one draws. */
  end(): void {
    if (resident === this.twister) resident = undefined
  }

  uniform(out: Float32Array, low: number, high: number): void {
    enter(this.twister)
    const from = Math.fround(low)
    const range = Math.fround(high) - from // the kernel's float32 parameter rounds it
    for (let done = 0; done < out.length; done += kernels.scratchLength) {
      const count = Math.min(kernels.scratchLength, out.length - done)
      kernels.uniform(count, from, range)
      out.set(kernels.scratch.floats.subarray(0, count), done)
    }
  }

  skipUniform(count: number): void {
    enter(this.twister)
    kernels.skip(count)
  }

  normal(out: Float32Array): void {
    enter(this.twister)
    if (out.length < 16) return this.pairs.fill(out, nextWord)
    const rest = out.length % 16
    for (let done = 0; done < out.length - rest; done += kernels.scratchLength) {
      const count = Math.min(kernels.scratchLength, out.length - rest - done)
      kernels.normal(count)
      out.set(kernels.scratch.floats.subarray(0, count), done)
    }
    if (rest === 0) return
    kernels.skip(rest)
    kernels.normal(16)
    out.set(kernels.scratch.floats.subarray(0, 16), out.length - 16)
  }

  keepMask(out: Uint8Array, dropout: number): void {
    if (dropout === 0 || dropout === 1) {
      out.fill(1 - dropout)
      return
    }
    enter(this.twister)
    const most = kernels.scratchLength / 2 // a float64 takes two words
    for (let done = 0; done < out.length; done += most) {
      const count = Math.min(most, out.length - done)
      kernels.keepMask(count, 1 - dropout)
      out.set(kernels.scratch.bytes.subarray(0, count), done)
    }
  }
}
