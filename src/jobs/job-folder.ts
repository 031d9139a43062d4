import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { ServiceError } from '../errors.ts'

const mebi = 2 ** 20
/** Of an empty database, its log included. */
const emptyBytes = 48 * mebi
/** Rows are compressed to less than this share. */
const compressed = 0.5

/**
 * The part of DATA_DIR that belongs to the jobs. Two marks tell from outside, without opening the database: whether
 * there is one at all, and whether it holds jobs that have not ended.
 */
export class JobFolder {
  readonly path: string

  constructor(dataDir: string) {
    this.path = join(dataDir, 'jobs')
  }

  /** PostgreSQL's files. */
  get database(): string {
    return join(this.path, 'pg')
  }

  /** Held by the process that has the database open. */
  get lock(): string {
    return join(this.path, 'lock')
  }

  /** A database is here, made whole. */
  get isMade(): boolean {
    return existsSync(this.#made)
  }

  get hasUnfinished(): boolean {
    return existsSync(this.#unfinished)
  }

  /** An empty place for a new database; what a killed process left half made is thrown away. */
  prepare(): void {
    mkdirSync(this.path, { recursive: true })
    if (this.isMade) return
    rmSync(this.database, { recursive: true, force: true })
    this.#needs(emptyBytes)
  }

  /** Throws storage-failed where the disk has no room for rows of about `bytes`. */
  checkRoom(bytes: number): void {
    this.#needs(bytes * compressed + 8 * mebi)
  }

  #needs(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.path)
    if (bavail * bsize >= bytes) return
    throw new ServiceError(
      'storage-failed',
      `The disk of the job store (DATA_DIR) has ${Math.floor((bavail * bsize) / mebi)} MiB left; this needs about ${Math.ceil(bytes / mebi)} MiB.`,
      { headers: { 'retry-after': '60' } },
    )
  }

  markMade(): void {
    mark(this.#made)
  }

  /** Set before the first job is accepted, so that no accepted job can be overlooked. */
  markUnfinished(unfinished: boolean): void {
    if (unfinished === this.hasUnfinished) return
    if (unfinished) mark(this.#unfinished)
    else rmSync(this.#unfinished, { force: true })
  }

  get #made(): string {
    return join(this.path, 'made')
  }

  get #unfinished(): string {
    return join(this.path, 'unfinished')
  }
}

function mark(path: string): void {
  const file = openSync(path, 'w')
  fsyncSync(file)
  closeSync(file)
}
