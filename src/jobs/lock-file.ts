import { DatabaseSync } from 'node:sqlite'

/** Somebody else holds the lock. */
export class LockTaken extends Error {}

/** The lock's file is busy: SQLITE_BUSY. */
const busy = 5

/** Locks that this process holds: one that is collected as garbage would be given back. */
const held = new Set<DatabaseSync>()

/**
 * Takes an exclusive lock on a file until the process ends or `release` is called. The kernel holds it (SQLite's own
 * lock on a file it never writes to), so a killed process leaves none behind and no process id can be mistaken.
 * Throws LockTaken; any other error says that the folder cannot be used.
 */
export function lockFile(path: string): { release(): void } {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === busy) throw new LockTaken(`${path} is locked by another process`)
    throw error
  }
  held.add(database)
  return {
    release: () => {
      if (held.delete(database)) database.close()
    },
  }
}
