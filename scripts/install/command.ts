import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A reason to stop that a user can act on: printed as one message, without a stack. */
export class InstallError extends Error {}

/** Runs a program with its output shown. @throws InstallError when it cannot start or ends with a failure. */
export function run(program: string, args: readonly string[]): void {
  const ended = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (ended.error !== undefined) throw new InstallError(`${program} did not start: ${ended.error.message}`)
  if (ended.status !== 0) {
    throw new InstallError(
      `${program} ended with ${ended.signal ?? `exit code ${ended.status}`}: ${[program, ...args].join(' ')}`,
    )
  }
}

/** Whether a program of this name is on the PATH. */
export function onPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Runs a script's main function: an InstallError is printed as it is and ends the process with 1. */
export async function main(script: () => Promise<void> | void): Promise<void> {
  try {
    await script()
  } catch (error) {
    if (!(error instanceof InstallError)) throw error
    console.error(`\n${error.message}`)
    process.exitCode = 1
  }
}

/** These installers place x86-64 Linux libraries, and nothing else. @throws InstallError elsewhere. */
export function requireLinuxX64(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new InstallError(
      `The libraries exist for Linux on x86-64 only; this is ${process.platform} on ${process.arch}. ` +
        'The service runs here without them, on the engines that GET /engines lists.',
    )
  }
}
