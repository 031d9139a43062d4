/** A float64 uniform of [0, 1) from 53 bits of two words, the first the high one. */
export function uniform64(nextWord: () => number): number {
  const high = nextWord() & 0x1fffff
  return (high * 2 ** 32 + nextWord()) * 2 ** -53
}

/**
 * The way in which PyTorch draws fewer than 16 normals: Box-Muller in float64, two at a
 * time (normal_distribution<double> of ATen/core/DistributionsHelper.h). The second of
 * a pair is kept for the next such call, whatever is drawn between.
 */
export class NormalPairs {
  private spare: number | undefined

  fill(out: Float32Array, nextWord: () => number): void {
    for (let i = 0; i < out.length; i++) {
      if (this.spare !== undefined) {
        out[i] = this.spare
        this.spare = undefined
        continue
      }
      const angle = 2 * Math.PI * uniform64(nextWord)
      const radius = Math.sqrt(-2 * Math.log1p(-uniform64(nextWord)))
      out[i] = radius * Math.cos(angle)
      this.spare = radius * Math.sin(angle)
    }
  }
}
