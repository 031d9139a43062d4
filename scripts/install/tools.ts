import { spawnSync } from 'node:child_process'
import { InstallError, onPath } from './command.ts'

/** How to start pip: a program and its first arguments. */
export type Pip = readonly [string, ...string[]]

/** The Debian or Ubuntu package that brings each program. */
const packages: Readonly<Record<string, string>> = { pip: 'python3-pip', unzip: 'unzip', 'g++': 'g++' }

/** pip as `python3 -m pip`, `pip3` or `pip`, whichever answers; undefined without one. */
export function findPip(): Pip | undefined {
  const candidates: Pip[] = [['python3', '-m', 'pip'], ['pip3'], ['pip']]
  return candidates.find(([program, ...args]) => spawnSync(program, [...args, '--version']).status === 0)
}

/**
 * Checks that every named program can be started (`pip` in any of its forms).
 * @param hint what else could be done without the missing ones
 * @throws InstallError naming all that are missing, and the command that brings them
 */
export function requireTools(names: readonly string[], hint = ''): void {
  const missing = names.filter((name) => (name === 'pip' ? findPip() === undefined : !onPath(name)))
  if (missing.length === 0) return
  const install = missing.map((name) => packages[name] ?? name).join(' ')
  throw new InstallError(`Missing: ${missing.join(', ')}. On Debian or Ubuntu: apt-get install ${install}${hint}`)
}
