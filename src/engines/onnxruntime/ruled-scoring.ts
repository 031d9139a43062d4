import type { Broadcast } from '../../problem/broadcast.ts'
import type { Floats } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'

/** What is added to a moderate score may be so large that the sum still is moderate. */
const moderateAddend = 1e37

/** What becomes of products, in float32. */
export interface RuledScoring {
  readonly softCap: number | null
  readonly bias: Broadcast<Float32Array> | null
  readonly slopes: Float32Array | null
  readonly sinks: Float32Array | null
  /** Whether scores stay moderate where products are. */
  readonly moderate: boolean
}

export function ruledScoring({ scoring, size, visibility }: AttentionProblem): RuledScoring {
  const { softCap, bias, slopes, sinks } = scoring
  const farthest = slopes === null ? 0 : farthestKey(visibility.position!, size.keys)
  return {
    softCap,
    bias: bias && { ...bias, data: inFloat32(bias.data) },
    slopes: slopes && inFloat32(slopes),
    sinks: sinks && inFloat32(sinks),
    moderate: (bias === null || isModerate(bias.data, 1)) && (slopes === null || isModerate(slopes, farthest)),
  }
}

const inFloat32 = (x: Floats): Float32Array => (x instanceof Float32Array ? x : Float32Array.from(x))

/** -Infinity is what hides a key, and adding it to any score does so. */
function isModerate(addends: Floats, times: number): boolean {
  for (const addend of addends) {
    if (!(Math.abs(addend) * times <= moderateAddend) && addend !== -Infinity) return false
  }
  return true
}

/** Greatest distance between a query and a key. */
function farthestKey(position: Int32Array, keys: number): number {
  return position.reduce((most, own) => Math.max(most, Math.abs(own), Math.abs(own - keys + 1)), 0)
}
