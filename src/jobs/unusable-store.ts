import { ServiceError } from '../errors.ts'

/** The job store's files are damaged or of another release: nothing but an operator can help. The message says why. */
export class UnusableStore extends Error {}

/** What a client is told of it. */
export function unusable({ message }: UnusableStore): ServiceError {
  return new ServiceError(
    'storage-failed',
    `The job store is damaged or of another release: ${message}. Nothing of it was deleted; its operator has to decide (JOBS_RESET).`,
  )
}

/** What the database says where a disk is full or a machine busy, which passes. */
const passing =
  /No space left|Disk quota|Too many open files|Cannot allocate memory|out of memory|Resource temporarily/i
/** SQLSTATE of a file that is missing, of data and of an index that are damaged. */
const damaged: ReadonlySet<string> = new Set(['58P01', 'XX001', 'XX002'])
/** SQLSTATE of a table, a column and a function that are not there: another release of the service has others. */
const unknownNames: ReadonlySet<string> = new Set(['42P01', '42703', '42883'])

/** What an error of a statement says about the stored data; null where it says nothing. */
export function damageOf(error: unknown): UnusableStore | null {
  if (error instanceof UnusableStore) return error
  if (!(error instanceof Error) || !damaged.has((error as { code?: string }).code ?? '')) return null
  return new UnusableStore(error.message, { cause: error })
}

/** The same of an error while the database is being opened: there every name is known, unless it is of another release. */
export function damageAtOpening(error: unknown): UnusableStore | null {
  if (!(error instanceof Error) || !unknownNames.has((error as { code?: string }).code ?? '')) return damageOf(error)
  return new UnusableStore(`another release of the service made it: ${error.message}`, { cause: error })
}

/**
 * Why PostgreSQL did not start, from what it wrote: `could not read file "global/pg_control": read 100 of 296`. Null
 * where that passes by itself or it said nothing.
 */
export function reasonOf(lines: readonly string[]): string | null {
  if (lines.some((line) => passing.test(line))) return null
  const said = lines
    .map((line) => /(?:FATAL|PANIC|DETAIL|postgres): +(.*)$/.exec(line)?.[1])
    .filter((text) => text !== undefined)
  return said.length === 0 ? null : said.join(' ').replaceAll('/pglite/data/', '')
}
