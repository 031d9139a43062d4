import tQuantile from '@stdlib/stats-base-dists-t-quantile'

/** Degrees of freedom at which Student's t is the normal distribution to ten digits. */
const normal = 1e10

/**
 * Seeds with which a paired t test at level 1 - `confidence` finds an effect of `effectSize` (d_z: mean over standard
 * deviation of the differences) with probability `power`. Two approximations of the noncentral t's answer, each short
 * of it where the other is exact: Guenther's (1981) for small effects, ((z_{1-alpha/2} + z_power) / d_z)^2 plus
 * z_{1-alpha/2}^2 / 2, and for large ones the least n >= ((t_{1-alpha/2,n-1} + t_{power,n-1}) / d_z)^2. The larger is
 * the answer. Null for no effect.
 */
export function seedsForPower(effectSize: number, confidence: number, power = 0.8): number | null {
  const size = Math.abs(effectSize)
  if (!(size > 0) || !Number.isFinite(size)) return null
  const needed = (degrees: number): number =>
    ((tQuantile((1 + confidence) / 2, degrees) + tQuantile(power, degrees)) / size) ** 2
  const guenther = Math.ceil(needed(normal) + tQuantile((1 + confidence) / 2, normal) ** 2 / 2)
  if (guenther > Number.MAX_SAFE_INTEGER) return null
  let seeds = Math.max(2, guenther)
  while (seeds < needed(seeds - 1)) seeds++
  return seeds
}
