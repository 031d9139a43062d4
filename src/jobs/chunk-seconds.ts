import type { Config } from '../config.ts'

/** Behind everybody else a chunk may wait long for its quarter of a second. */
const patience = 10
const longestSeconds = 80_000

/** The deadline of one chunk, queue and compute together, seconds. */
export function chunkSeconds({ EXPERIMENT_TIMEOUT }: Pick<Config, 'EXPERIMENT_TIMEOUT'>): number {
  return Math.min(longestSeconds, EXPERIMENT_TIMEOUT * patience)
}
