import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { InstallError, run } from './command.ts'
import { findPip } from './tools.ts'

/** One line of a requirements file: a package, its version and the SHA-256 of the one wheel that is accepted. */
export type Requirement = { name: string; version: string; sha256: string }

const line = /^([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})$/

/**
 * Reads a requirements file of pinned wheels; comments and empty lines are skipped. @throws InstallError on any other
 * line.
 */
export function parseRequirements(text: string): Requirement[] {
  return text
    .split('\n')
    .filter((row) => row.trim() !== '' && !row.startsWith('#'))
    .map((row) => {
      const [, name, version, sha256] = line.exec(row.trim()) ?? []
      if (name === undefined || version === undefined || sha256 === undefined)
        throw new InstallError(`Not a pinned requirement: ${row}`)
      return { name, version, sha256 }
    })
}

/** The wheels that a file in requirements/ pins. */
export async function readRequirements(name: string): Promise<Requirement[]> {
  return parseRequirements(await readFile(requirementsFile(name), 'utf8'))
}

/** The path of a file in requirements/. */
export function requirementsFile(name: string): string {
  return join(import.meta.dirname, 'requirements', `${name}.txt`)
}

/** A file's SHA-256 in hexadecimal. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** @throws InstallError when the file is not the wheel that the requirement pins. */
export async function checkWheel(path: string, requirement: Requirement): Promise<void> {
  const found = await sha256(path).catch((error: Error) => {
    throw new InstallError(`Cannot read the wheel ${path}: ${error.message}`)
  })
  if (found !== requirement.sha256) {
    throw new InstallError(
      `${path} is not the wheel of ${requirement.name} ${requirement.version} that this version pins:\n` +
        `its SHA-256 is ${found}, expected ${requirement.sha256}.`,
    )
  }
}

/**
 * Downloads the wheels of a requirements file with pip, which checks each against its hash.
 * No Python of any version is run by a wheel: they are archives of libraries here.
 * @returns the wheels' paths in `folder`
 */
export async function downloadWheels(requirements: string, folder: string): Promise<string[]> {
  const pip = findPip()
  if (pip === undefined) throw new InstallError('Missing: pip')
  await mkdir(folder, { recursive: true })
  const platforms = [
    'manylinux_2_28_x86_64',
    'manylinux_2_27_x86_64',
    'manylinux_2_17_x86_64',
    'manylinux2014_x86_64',
    'manylinux_2_5_x86_64',
    'manylinux1_x86_64',
  ]
  run(pip[0], [
    ...pip.slice(1),
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--python-version',
    '3.12',
    '--implementation',
    'cp',
    ...platforms.flatMap((platform) => ['--platform', platform]),
    '--disable-pip-version-check',
    '--no-cache-dir',
    '--dest',
    folder,
    '--requirement',
    requirementsFile(requirements),
  ])
  return (await readdir(folder)).filter((name) => name.endsWith('.whl')).map((name) => join(folder, name))
}

/** The wheel of a package among paths of wheels (`name-version-...whl`, dashes of the name as underscores). */
export function wheelOf(name: string, paths: readonly string[]): string {
  const found = paths.find((path) => basename(path).startsWith(`${name.replaceAll('-', '_')}-`))
  if (found === undefined) throw new InstallError(`pip brought no wheel of ${name}`)
  return found
}

/** Unpacks the archive's members that match the patterns, folders kept, over what is there. */
export function unpack(wheel: string, patterns: readonly string[], folder: string): void {
  run('unzip', ['-q', '-o', wheel, ...patterns, '-d', folder])
}
