import tQuantile from '@stdlib/stats-base-dists-t-quantile'

/** Degrees of freedom at which Student's t is the normal distribution to ten digits. */
const normal = 1e10

/**
 * Seeds with which a paired t test at level 1 - `confidence` finds an effect of `effectSize` (d_z: mean over standard
 * deviation of the differences) with probability `power`: the least n >= ((t_{1-alpha/2,n-1} + t_{power,n-1}) / d_z)^2,
 * which equals the noncentral t's answer for the usual level and power (d_z 0.5: 34; 0.2: 199). Null for no effect.
 */
export function seedsForPower(effectSize: number, confidence: number, power = 0.8): number | null {
  const size = Math.abs(effectSize)
  if (!(size > 0) || !Number.isFinite(size)) return null
  const needed = (degrees: number): number => ((tQuantile((1 + confidence) / 2, degrees) + tQuantile(power, degrees)) / size) ** 2
  let seeds = Math.max(2, Math.floor(needed(normal)))
  if (seeds > Number.MAX_SAFE_INTEGER) return null
  // needed() falls with n, slowly: a few steps past the normal's answer, in one leap where that is already exact.
  while (seeds < needed(seeds - 1)) seeds++
  return seeds
}
