import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attention-test-'))
  cpSync(join(root, 'scripts/check-start.js'), join(folder, 'scripts/check-start.js'))
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What the check says in a folder that has `paths`. */
function check(...paths: string[]): { status: number | null; said: string } {
  for (const path of paths) mkdirSync(join(folder, path), { recursive: true })
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/check-start.js'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, said: stdout + stderr }
}

it('nothing installed', () => {
  expect(check()).toEqual({ status: 1, said: 'attention-service: the packages are not installed: npm ci\n' })
})

it('an install without scripts', () => {
  expect(check('node_modules/fastify', 'node_modules/assemblyscript')).toEqual({
    status: 1,
    said: 'attention-service: build/kernels.wasm has not been built: npm run prepare\n',
  })
})

it('an install without what builds', () => {
  expect(check('node_modules/fastify').said).toMatch(/has not been built: npm ci\n$/)
})

it('all there: nothing is said', () => {
  expect(check('node_modules/fastify', 'build/kernels.wasm')).toEqual({ status: 0, said: '' })
})
