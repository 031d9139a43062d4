import { ConfigError } from './config.ts'
import type { Config } from './config.ts'
import { lockFolder, LockTaken } from './jobs/folder-lock.ts'

/**
 * Makes DATA_DIR this service's own until the process ends; throws a ConfigError where another one has it. A folder
 * that cannot be written is no reason not to start: `warn` is told, and jobs are refused. With DATABASE_URL nothing is
 * kept there.
 */
export function lockDataDir(
  { DATA_DIR, DATABASE_URL }: Pick<Config, 'DATA_DIR' | 'DATABASE_URL'>,
  warn: (reason: string) => void,
): void {
  if (DATABASE_URL !== '') return
  try {
    lockFolder(DATA_DIR)
  } catch (error) {
    if (error instanceof LockTaken)
      throw new ConfigError(
        `DATA_DIR=${DATA_DIR}: another service is using this folder; give each its own, or let them share a DATABASE_URL`,
      )
    warn(`DATA_DIR=${DATA_DIR} cannot be written, so there are no jobs: ${(error as Error).message}`)
  }
}
