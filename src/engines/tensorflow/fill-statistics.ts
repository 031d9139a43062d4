import type { RowStatistics } from '../../statistics/row-statistics.ts'
import { statisticNames } from './attend-block.ts'

/** Where a block lies: maps (items x heads) and query rows. */
export interface BlockPlace {
  readonly firstMap: number
  readonly maps: number
  readonly firstRow: number
  readonly rows: number
}

/**
 * Writes a block's rows, in float64. `raw` is (statisticNames.length, maps, rows).
 * With z = s - max s: ln A = z - ln sum e^z, and max A = 1 / sum e^z, so entropy = -ln max A - sum A z.
 * @returns the greatest weight on a future key
 */
export function fillStatistics(into: RowStatistics, at: BlockPlace, raw: Float32Array): number {
  const column = Object.fromEntries(statisticNames.map((name, index) => [name, index * at.maps * at.rows])) as Record<
    (typeof statisticNames)[number],
    number
  >
  const last = at.firstRow + at.rows - 1
  let future = 0
  for (let map = 0; map < at.maps; map++) {
    for (let row = 0; row < at.rows; row++) {
      const from = map * at.rows + row
      const query = at.firstRow + row
      const to = (at.firstMap + map) * into.visibility.queries + query
      const value = (name: (typeof statisticNames)[number]): number => raw[column[name] + from]!
      into.maxWeight[to] = value('maxWeight')
      into.entropy[to] = Math.max(0, -Math.log(value('maxWeight')) - value('logit'))
      into.sum[to] = value('sum')
      into.distance[to] = value('reach') - (last - query) * value('sum')
      into.previousToken[to] = query > 0 ? value('previousToken') : 0
      into.firstToken[to] = value('firstToken')
      into.diagonal[to] = value('diagonal')
      future = Math.max(future, value('future'))
    }
  }
  return future
}
