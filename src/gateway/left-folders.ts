import { rmSync, readdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'

const leftName = /^attention-[A-Za-z0-9]{6}$/
/** A gateway that has just made its socket may not listen yet. */
const leastAgeMs = 10_000

/**
 * Removes folders beside `folder` whose gateway was killed with all its processes, so that nobody took them away: their
 * own user's, with a gateway's socket in them (named `socketName`) on which nobody listens. What is removed, by name.
 */
export async function removeLeftFolders(folder: string, socketName: string): Promise<string[]> {
  const removed: string[] = []
  const parent = dirname(folder)
  for (const name of readdirSync(parent)) {
    const left = join(parent, name)
    if (!leftName.test(name) || left === folder) continue
    try {
      const socket = statSync(join(left, socketName))
      if (socket.uid !== process.getuid?.() || Date.now() - socket.mtimeMs < leastAgeMs) continue
      if (!(await nobodyListens(join(left, socketName)))) continue
      rmSync(left, { recursive: true, force: true })
      removed.push(name)
    } catch {
      // It has no such socket, or belongs to somebody else.
    }
  }
  return removed
}

function nobodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}
