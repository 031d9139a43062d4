/** One bar: `seeds` values from `from` to `to`. */
export interface Bar {
  readonly from: number
  readonly to: number
  readonly seeds: number
}

/**
 * Counts of values in `bins` equal bins over their range, so that a figure holds as much for ten seeds as for a
 * million.
 */
export function histogram(values: Float64Array, bins = 24): Bar[] {
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return []
  let low = Infinity,
    high = -Infinity
  for (const value of finite) {
    if (value < low) low = value
    if (value > high) high = value
  }
  const width = (high - low) / bins
  if (!(width > 0))
    return [
      {
        from: low - Math.max(Math.abs(low), 1e-9) * 0.05,
        to: low + Math.max(Math.abs(low), 1e-9) * 0.05,
        seeds: finite.length,
      },
    ]
  const counts = new Array<number>(bins).fill(0)
  for (const value of finite) counts[Math.min(bins - 1, Math.floor((value - low) / width))]!++
  return counts.map((seeds, bin) => ({ from: low + bin * width, to: low + (bin + 1) * width, seeds }))
}
