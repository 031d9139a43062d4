import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lockFile, LockTaken } from './lock-file.ts'

export { LockTaken }

/** A lock that this process holds until it ends or calls `release`. */
export interface Lock {
  release(): void
}

const againMs = 100

/**
 * Makes a folder this process's own, and makes the folder where there is none. Throws LockTaken where another process
 * has it; any other error says that the folder cannot be used.
 *
 * Two locks, both held by the kernel, so that a killed process leaves none behind. The first is on the folder itself
 * (flock), which nobody can take away by deleting files in it. The second is on a file in it (`lock`): it also holds
 * between machines that share the folder over a network, where the first may not, and where there is no `flock`.
 */
export function lockFolder(path: string): Lock {
  mkdirSync(path, { recursive: true })
  const folder = lockItself(path)
  try {
    const file = lockFile(join(path, 'lock'))
    return {
      release() {
        file.release()
        folder.release()
      },
    }
  } catch (error) {
    folder.release()
    throw error
  }
}

/** Waits at most `withinMs` for who has the folder: a process that was told to end may take a moment. */
export async function lockFolderWithin(path: string, withinMs: number): Promise<Lock> {
  const end = performance.now() + withinMs
  for (;;) {
    try {
      return lockFolder(path)
    } catch (error) {
      if (!(error instanceof LockTaken) || performance.now() >= end) throw error
    }
    await delay(againMs)
  }
}

/**
 * flock on the folder. Node has no call for it, but such a lock belongs to the opened folder, not to the process that
 * asked for it: the program `flock` takes it through a descriptor of ours and ends, and we keep it while that is open.
 */
function lockItself(path: string): Lock {
  const descriptor = openSync(path, 'r')
  let open = true
  const lock = {
    release() {
      if (open) closeSync(descriptor)
      open = false
    },
  }
  const { status, stderr } = spawnSync('flock', ['-x', '-n', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    encoding: 'utf8',
  })
  // It says nothing where somebody else has the lock. With words, or missing, it cannot lock folders here.
  if (status !== 1 || stderr !== '') return lock
  lock.release()
  throw new LockTaken(`${path} is locked by another process`)
}
