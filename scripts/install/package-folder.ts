import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InstallError } from './command.ts'

/** This repository's root. */
export const root = join(import.meta.dirname, '..', '..')

/** An installed npm package: its folder and version. */
export type Package = { folder: string; version: string }

/** Finds a package that package.json names. @throws InstallError when npm left it out. */
export async function findPackage(name: string): Promise<Package> {
  const folder = join(root, 'node_modules', name)
  if (!existsSync(join(folder, 'package.json'))) {
    throw new InstallError(`The npm package ${name} is not installed. Run: npm ci (without --omit=optional)`)
  }
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { folder, version }
}
