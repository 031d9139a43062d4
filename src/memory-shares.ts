import type { Config } from './config.ts'

/** How MEMORY_LIMIT is shared out between a gateway and its workers, bytes. */
export interface MemoryShares {
  /** Bodies that the gateway holds until their answers are out. */
  readonly bodyBytes: number
  /** Each worker's work and answers. */
  readonly workerBytes: number
}

const mebi = 2 ** 20

/**
 * A quarter for bodies, the rest in equal parts for the workers; everything to the one process where there are none.
 */
export function memoryShares({ MEMORY_LIMIT, WORKERS }: Pick<Config, 'MEMORY_LIMIT' | 'WORKERS'>): MemoryShares {
  if (WORKERS === 0) return { bodyBytes: MEMORY_LIMIT * mebi, workerBytes: MEMORY_LIMIT * mebi }
  return { bodyBytes: (MEMORY_LIMIT / 4) * mebi, workerBytes: ((MEMORY_LIMIT * 3) / 4 / WORKERS) * mebi }
}
