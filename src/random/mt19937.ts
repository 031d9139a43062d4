/** The state's length in 32-bit words, and the lag of its recurrence. */
const LENGTH = 624
const LAG = 397

/**
 * The Mersenne Twister of Matsumoto and Nishimura (1998), seeded by init_genrand, as
 * PyTorch's CPU generator uses it (ATen/core/MT19937RNGEngine.h). The plain definition
 * of src/kernels/assembly/mt19937.ts.
 */
export class Mt19937 {
  private readonly state = new Uint32Array(LENGTH)
  private position = LENGTH

  /** Only the low 32 bits of the seed count, so 2^32 draws what 0 draws. */
  constructor(seed: number) {
    this.state[0] = seed
    for (let i = 1; i < LENGTH; i++) {
      const previous = this.state[i - 1]!
      this.state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i
    }
  }

  /** The next 32 bits, as a number from 0 to 2^32 - 1. */
  next(): number {
    if (this.position === LENGTH) this.twist()
    let word = this.state[this.position++]!
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c5680
    word ^= (word << 15) & 0xefc60000
    return (word ^ (word >>> 18)) >>> 0
  }

  private twist(): void {
    const { state } = this
    for (let i = 0; i < LENGTH; i++) {
      const word = (state[i]! & 0x80000000) | (state[(i + 1) % LENGTH]! & 0x7fffffff)
      state[i] = state[(i + LAG) % LENGTH]! ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0)
    }
    this.position = 0
  }
}
