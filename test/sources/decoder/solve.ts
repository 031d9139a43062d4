import type { HeadNorm, Projection, Rotary } from '../../../src/problem/operands.ts'
import type { AttentionProblem } from '../../../src/problem/problem.ts'
import { sees } from '../../../src/problem/visibility.ts'

/** Attention maps of a problem of projected operands in float64, straight from the definitions: by head, (T x T). */
export function solveMaps({ size, operands, rotary, visibility, scoring }: AttentionProblem): number[][] {
  if (operands.kind !== 'projected') throw new Error('only projected operands')
  const { heads, keyValueHeads, queries, keys, headDim } = size
  const { projections, queryNorm, keyNorm } = operands
  const query = stage(operands.queryInput, projections.query, heads, headDim, queryNorm, rotary, rotary?.queryOffset)
  const key = stage(operands.keyInput, projections.key, keyValueHeads, headDim, keyNorm, rotary, rotary?.keyOffset)
  return Array.from({ length: heads }, (_, head) => {
    const keyHead = key[Math.floor((head * keyValueHeads) / heads)]!
    return Array.from({ length: queries }, (_, i) => {
      const shares = Array.from({ length: keys }, (_, j) => {
        if (!sees(visibility, 0, head, i, j)) return 0
        const score = dot(query[head]![i]!, keyHead[j]!) * scoring.scale
        return Math.exp(scoring.softCap === null ? score : scoring.softCap * Math.tanh(score / scoring.softCap))
      })
      const sum = shares.reduce((total, share) => total + share, 0)
      return shares.map((share) => share / sum)
    }).flat()
  })
}

/** By head and position, a vector of headDim. */
function stage(
  input: Float32Array,
  { weight, bias }: Projection,
  heads: number,
  headDim: number,
  norm: HeadNorm | null,
  rotary: Rotary | null,
  offset = 0,
): number[][][] {
  const width = weight.length / (heads * headDim)
  return Array.from({ length: heads }, (_, head) =>
    Array.from({ length: input.length / width }, (_, position) => {
      const x = input.subarray(position * width, (position + 1) * width)
      const projected = Array.from({ length: headDim }, (_, d) => {
        const row = head * headDim + d
        return dot(x, weight.subarray(row * width, (row + 1) * width)) + (bias?.[row] ?? 0)
      })
      const normed = norm === null ? projected : rmsNormed(projected, norm)
      return rotary === null ? normed : turned(normed, rotary, position + offset)
    }),
  )
}

function rmsNormed(x: readonly number[], { weight, epsilon }: HeadNorm): number[] {
  const root = Math.sqrt(dot(x, x) / x.length + epsilon)
  return x.map((each, index) => (each / root) * weight[index]!)
}

function turned(x: readonly number[], { frequencies, interleaved, magnitude }: Rotary, position: number): number[] {
  const y = [...x]
  for (const [k, frequency] of frequencies.entries()) {
    const [a, b] = interleaved ? [2 * k, 2 * k + 1] : [k, k + frequencies.length]
    const [cos, sin] = [Math.cos(position * frequency) * magnitude, Math.sin(position * frequency) * magnitude]
    y[a] = x[a]! * cos - x[b]! * sin
    y[b] = x[b]! * cos + x[a]! * sin
  }
  return y
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
