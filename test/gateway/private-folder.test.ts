import { mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { privateFolder } from '../../src/gateway/private-folder.ts'

const long = `/${'x'.repeat(90)}`

it('is in the first parent that is short enough for a socket and can be written', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'test-'))
  const folder = privateFolder([long, join(parent, 'absent'), parent])
  expect(dirname(folder)).toBe(parent)
  const server = createServer().listen(join(folder, 'worker-255.sock'))
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
  rmdirSync(folder)
  rmSync(parent, { recursive: true })
})

it('takes a parent of just the length that a socket allows', () => {
  const parent = mkdtempSync(join('/tmp', `${'y'.repeat(103 - 33 - '/tmp/'.length - 6)}`))
  expect(Buffer.byteLength(parent)).toBe(103 - 33)
  const folder = privateFolder([`${parent}z`, parent])
  expect(dirname(folder)).toBe(parent)
  rmSync(parent, { recursive: true })
})

it('says in one line what is missing where there is none', () => {
  expect(() => privateFolder([long, '/proc/nowhere'])).toThrow(/^TMPDIR=.*at most 70 bytes$/)
})
