/**
 * What is measured: d_in = d_out = 768, 12 heads, batch 1, at these lengths; the summary alone, and the weights with
 * it.
 */
export const width = 768
export const numHeads = 12
export const lengths = [8, 256, 1024, 2048, 4096] as const

/** Milliseconds of a run, by length; one line of JSON that a side prints. */
export interface SideResult {
  /** What ran where, e.g. `tensorflow 2.21.0 on gpu`. */
  readonly name: string
  readonly summary: Readonly<Record<number, number>>
  readonly weights: Readonly<Record<number, number>>
}
