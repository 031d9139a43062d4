import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../config.ts'

/** The least that systems allow a Unix socket's path to have: 104 bytes with the final zero on macOS, 108 on Linux. */
const longestSocketPath = 103
/** Room for mkdtemp's six characters and for the longest name of a socket in the folder. */
const longestRest = '/attention-XXXXXX/worker-255.sock'.length

/**
 * A folder for sockets that nobody else can enter: in TMPDIR, or, where that is too long for a socket's path or cannot
 * be written (a read-only root file system), in a short one. Throws the one line that says what to do.
 */
export function privateFolder(parents: readonly string[] = [tmpdir(), '/tmp', '/dev/shm', '/run']): string {
  for (const parent of parents) {
    if (Buffer.byteLength(parent) + longestRest > longestSocketPath) continue
    try {
      return mkdtempSync(join(parent, 'attention-'))
    } catch {
      // It cannot be written: the next one.
    }
  }
  throw new ConfigError(
    `TMPDIR=${tmpdir()}: no folder for the workers' sockets: it must be one that can be written, with a path of at most ` +
      `${longestSocketPath - longestRest} bytes`,
  )
}
