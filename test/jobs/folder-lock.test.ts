import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lockFolder, lockFolderWithin, LockTaken } from '../../src/jobs/folder-lock.ts'
import { absent } from '../support/skip.ts'

const root = mkdtempSync(join(tmpdir(), 'attention-lock-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})
const module = new URL('../../src/jobs/folder-lock.ts', import.meta.url).href

/** Another process that takes the lock and keeps it. */
async function holder(path: string): Promise<ChildProcess> {
  const program = `import(${JSON.stringify(module)}).then(({ lockFolder }) => {
    lockFolder(${JSON.stringify(path)})
    console.log('held')
    setInterval(() => {}, 1000)
  })`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  expect(String((await once(child.stdout!, 'data'))[0])).toBe('held\n')
  return child
}

describe('the lock of a folder', () => {
  it('is held against a second taker until it is released', () => {
    const path = join(root, 'some', 'folder')
    const lock = lockFolder(path)
    expect(() => lockFolder(path)).toThrow(LockTaken)
    lock.release()
    lock.release()
    lockFolder(path).release()
  })

  it('is given back when its process is killed', async () => {
    const path = join(root, 'killed')
    const child = await holder(path)
    expect(() => lockFolder(path)).toThrow(LockTaken)
    const waiting = lockFolderWithin(path, 20_000)
    child.kill('SIGKILL')
    ;(await waiting).release()
  })

  it.skipIf(absent(spawnSync('flock', ['--version']).error !== undefined, 'flock'))(
    'cannot be taken away by deleting files',
    async () => {
      const path = join(root, 'unlinked')
      await holder(path)
      for (const name of readdirSync(path)) rmSync(join(path, name))
      expect(() => lockFolder(path)).toThrow(LockTaken)
      await expect(lockFolderWithin(path, 150)).rejects.toThrow(LockTaken)
    },
  )

  it('is one on a file where folders cannot be locked', async () => {
    const path = join(root, 'without')
    const before = process.env.PATH
    process.env.PATH = '/nowhere'
    try {
      const lock = lockFolder(path)
      expect(() => lockFolder(path)).toThrow(LockTaken)
      lock.release()
    } finally {
      process.env.PATH = before
    }
    expect(existsSync(join(path, 'lock'))).toBe(true)
  })
})
