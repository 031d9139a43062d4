import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
} from 'node:fs'
import { join } from 'node:path'
import { ServiceError } from '../errors.ts'
import { UnusableStore } from './unusable-store.ts'

const mebi = 2 ** 20
/** Of an empty database, its log included. */
const emptyBytes = 40 * mebi
/** The log of the database, beside what is stored. */
const logBytes = 8 * mebi

/**
 * The part of DATA_DIR that belongs to the jobs. From outside, without opening the database, it tells whether there is
 * one at all, and whether it may hold jobs that have not ended. Nothing in it is ever deleted but what a start that was
 * killed left half made, which no job can have been in.
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

  /** A database is here, whole or damaged. */
  get isMade(): boolean {
    return holdsFiles(this.database)
  }

  /** Jobs may be waiting here. Only a mark says that there are none: one that is lost costs a look, and no job. */
  get hasUnfinished(): boolean {
    return this.isMade && !existsSync(this.#idle)
  }

  /**
   * Sees to it that there is a database. `make` fills an empty folder with one; that is made under another name and
   * given its own when it is whole. Throws UnusableStore where files are no database. The caller has the folder locked.
   */
  async provide(make: (path: string) => Promise<void>): Promise<void> {
    if (this.isMade) {
      if (!existsSync(join(this.database, 'PG_VERSION'))) throw new UnusableStore('the file PG_VERSION is missing')
      return
    }
    const making = join(this.path, 'making')
    const mark = join(making, 'not-yet-a-database')
    if (existsSync(mark)) rmSync(making, { recursive: true })
    this.#needs(emptyBytes)
    mkdirSync(making, { recursive: true })
    touch(mark)
    await make(join(making, 'pg'))
    renameSync(join(making, 'pg'), this.database)
    rmSync(mark)
    rmdirSync(making)
  }

  /** Keeps a database that cannot be used under another name, which is returned; there is none afterwards. */
  keepAside(): string {
    const name = `pg.kept-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
    renameSync(this.database, join(this.path, name))
    return name
  }

  /** Throws storage-failed where the disk has no room for `bytes` of jobs. */
  checkRoom(bytes: number): void {
    this.#needs(bytes + logBytes)
  }

  /** What the disk holds when it is empty. */
  get diskBytes(): number {
    const { blocks, bsize } = statfsSync(this.path)
    return blocks * bsize
  }

  /** Set before the first job is accepted, so that no accepted job can be overlooked. */
  markUnfinished(unfinished: boolean): void {
    if (unfinished) rmSync(this.#idle, { force: true })
    else if (!existsSync(this.#idle)) touch(this.#idle)
  }

  #needs(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.path)
    const free = bavail * bsize
    if (free >= bytes) return
    throw new ServiceError(
      'storage-failed',
      `The disk of the job store (DATA_DIR) has ${Math.floor(free / mebi)} MiB left; with the jobs that have not ended this needs about ${Math.ceil(bytes / mebi)} MiB.`,
      { headers: { 'retry-after': '60' } },
    )
  }

  get #idle(): string {
    return join(this.path, 'idle')
  }
}

function holdsFiles(path: string): boolean {
  try {
    return readdirSync(path).length > 0
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

function touch(path: string): void {
  const file = openSync(path, 'w')
  fsyncSync(file)
  closeSync(file)
}
