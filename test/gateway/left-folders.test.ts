import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { removeLeftFolders } from '../../src/gateway/left-folders.ts'

const name = 'gateway.sock'
let parent: string
let servers: Server[]
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'left-'))
  servers = []
})
afterEach(() => {
  for (const server of servers) server.close()
  rmSync(parent, { recursive: true })
})

function made(folder: string): string {
  const path = join(parent, folder)
  mkdirSync(join(path, 'compiled'), { recursive: true })
  writeFileSync(join(path, 'compiled', 'cache'), 'x'.repeat(1000))
  return path
}

function age(folder: string): void {
  const past = new Date(Date.now() - 60_000)
  utimesSync(join(folder, name), past, past)
}

async function listening(folder: string): Promise<void> {
  const server = createServer().listen(join(folder, name))
  servers.push(server)
  await once(server, 'listening')
}

/** A socket whose process was killed. */
function dead(folder: string): void {
  const code = `require('net').createServer().listen(${JSON.stringify(join(folder, name))}, () => process.kill(process.pid, 'SIGKILL'))`
  expect(() => execFileSync(process.execPath, ['-e', code])).toThrow()
  expect(existsSync(join(folder, name))).toBe(true)
}

it('removes what a killed service has left, and nothing else', async () => {
  const left = made('attention-aB3xyz')
  dead(left)
  age(left)
  const kept = ['attention-liv123', 'attention-fre123', 'attention-emp123', 'attention-test-aB3xyz', 'other-aB3xyz']
  const [living, fresh, , longer, other] = kept.map(made)
  for (const folder of [fresh!, longer!, other!]) dead(folder)
  await listening(living!)
  for (const folder of [living!, longer!, other!]) age(folder)
  const own = made('attention-own123')
  dead(own)
  age(own)
  expect(await removeLeftFolders(own, name)).toEqual(['attention-aB3xyz'])
  expect(existsSync(left)).toBe(false)
  for (const folder of [...kept, 'attention-own123']) expect(existsSync(join(parent, folder)), folder).toBe(true)
})
