/**
 * `npm run bench:setup`: the peer's environment, .venv, from bench/peer/requirements.txt. PYTHON names the interpreter
 * (default python3); pip's own settings and environment variables say where packages come from.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const venv = `${root}.venv`

function run(command: string, ...args: string[]): void {
  console.log([command, ...args].join(' '))
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) {
    console.error(error?.message ?? `${command} ended with ${status}`)
    process.exit(1)
  }
}

if (!existsSync(`${venv}/bin/python`)) run(process.env['PYTHON'] ?? 'python3', '-m', 'venv', venv)
run(
  `${venv}/bin/python`,
  '-m',
  'pip',
  'install',
  '--disable-pip-version-check',
  '--requirement',
  `${root}bench/peer/requirements.txt`,
)
