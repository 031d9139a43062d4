/** The parts that every panel of an experiment is made of. */

export const panel = { width: 430, side: 300 }

/** An axis of effects: plain numbers, small ones without a row of zeros. */
export function effectAxis(title: string | null, tickCount = 5): Record<string, unknown> {
  return { title, tickCount, format: '~g', grid: true, labelOverlap: 'greedy', labelSeparation: 5, labelBound: true }
}

/** A mean and its interval, from the fields mean, low and high; seeds without an interval show the mean alone. */
export function interval(
  encoding: Record<string, unknown> = {},
  tooltip: readonly Record<string, unknown>[] = [],
): Record<string, unknown>[] {
  const x = (field: string) => ({ field, type: 'quantitative' })
  return [
    {
      mark: { type: 'rule', aria: false, style: 'observed', strokeWidth: 4, opacity: 0.5 },
      transform: [{ filter: 'isValid(datum.low)' }],
      encoding: { x: x('low'), x2: { field: 'high' }, tooltip, ...encoding },
    },
    {
      mark: { type: 'point', aria: false, style: 'observed', filled: true, size: 60, opacity: 1 },
      transform: [{ filter: 'isValid(datum.mean)' }],
      encoding: { x: x('mean'), tooltip, ...encoding },
    },
  ]
}

/** A dashed line across the panel at a value. */
export function referenceLine(value: number): Record<string, unknown> {
  return {
    data: { values: [{}] },
    mark: { type: 'rule', aria: false, style: 'baseline', strokeDash: [4, 3], strokeWidth: 1.5 },
    encoding: { x: { datum: value, type: 'quantitative' } },
  }
}

/** A domain that holds all the values, with room at both ends; values that are not finite are passed over. */
export function domainOf(values: readonly (number | null)[]): [number, number] {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value))
  const low = Math.min(...finite)
  const high = Math.max(...finite)
  if (finite.length === 0) return [-1, 1]
  const room = high > low ? 0.12 * (high - low) : Math.max(Math.abs(low), 1e-6) * 0.5
  return [low - room, high + room].map((value) => Number(value.toPrecision(4))) as [number, number]
}
