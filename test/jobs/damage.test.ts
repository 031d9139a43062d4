import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { JobFolder } from '../../src/jobs/job-folder.ts'
import { Opening } from '../../src/jobs/opening.ts'

interface Line {
  readonly level: number
  readonly msg: string
}

const root = mkdtempSync(join(tmpdir(), 'attention-damage-'))
const whole = join(root, 'whole')
afterAll(() => rmSync(root, { recursive: true, force: true }))

function openingOf(dataDir: string, lines: Line[], reset = false): Opening {
  return new Opening({
    folder: new JobFolder(dataDir),
    databaseUrl: '',
    databaseTimeoutMs: 1000,
    reset,
    limits: { retentionDays: 1, jobsPerCaller: 10, bytes: 1e6 },
    version: '1.0.0',
    lanes: 1,
    chunkSeconds: 60,
    compute: (_chunk, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    render: () => Promise.reject(new Error('nothing to render')),
    log: pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line) as Line) }),
    counts: { kept: 0, failed: 0, 'put-off': 0 },
  })
}

let copies = 0
/** A copy of a folder with one job in it. */
function copy(): string {
  const path = join(root, `copy-${copies++}`)
  cpSync(whole, path, { recursive: true })
  return path
}

const job = {
  content: 'c',
  idOf: () => 'the-job',
  caller: '',
  kind: 'bias',
  request: '{}',
  unit: 'seed',
  units: 10,
  unitsPerChunk: 5,
  bytes: 1,
} as const

let tableFile = ''
beforeAll(async () => {
  const opening = openingOf(whole, [])
  const { store, database } = await opening.open()
  opening.accepting()
  await store.submit(job)
  const [row] = await database.query<{ path: string }>("SELECT pg_relation_filepath('attention_jobs.chunks') AS path")
  tableFile = row!.path
  await opening.close()
})

const log = (pg: string): string =>
  join(pg, 'pg_wal', readdirSync(join(pg, 'pg_wal')).find((name) => /^0+1/.test(name))!)
const kinds: [string, (pg: string) => void, RegExp][] = [
  ['a table that is none', (pg) => writeFileSync(join(pg, tableFile), 'x'.repeat(8192)), /invalid page/],
  [
    'a missing table',
    (pg) => rmSync(join(pg, tableFile)),
    /a file is missing: base\/5\/\d+ \(attention_jobs\.chunks\)/,
  ],
  [
    'a truncated pg_control',
    (pg) => truncateSync(join(pg, 'global/pg_control'), 100),
    /global\/pg_control.*read 100 of/,
  ],
  ['no pg_control', (pg) => rmSync(join(pg, 'global/pg_control')), /global\/pg_control.*No such file/],
  ['files of another PostgreSQL', (pg) => writeFileSync(join(pg, 'PG_VERSION'), '16\n'), /by PostgreSQL version 16/],
  ['a file of the catalogue cut short', (pg) => truncateSync(join(pg, 'base/5/1259'), 5000), /critical system index/],
  ['no PG_VERSION', (pg) => rmSync(join(pg, 'PG_VERSION')), /PG_VERSION is missing/],
  ['no log', (pg) => rmSync(log(pg)), /checkpoint record/],
  ['no folder of the database', (pg) => rmSync(join(pg, 'base'), { recursive: true }), /base\/5" is missing/],
]

describe.each(kinds)('a job folder with %s', (_kind, damage, reason) => {
  it('is refused with that reason, in one line of the log, and left as it is', async () => {
    const path = copy()
    damage(new JobFolder(path).database)
    const before = readdirSync(path, { recursive: true, encoding: 'utf8' })
    const lines: Line[] = []
    const opening = openingOf(path, lines)
    expect(opening.isFresh).toBe(false)
    await opening.start() // there is a job to be finished
    for (let tries = 0; tries < 2; tries++)
      await expect(opening.open()).rejects.toMatchObject({
        code: 'storage-failed',
        message: expect.stringMatching(reason),
      })
    await opening.close()
    expect(lines).toHaveLength(1)
    expect(lines[0]!.msg).toMatch(reason)
    expect(lines[0]!.msg).toContain('JOBS_RESET=true')
    expect(JSON.stringify(lines[0])).not.toContain('Aborted')
    const after = new Set(readdirSync(path, { recursive: true, encoding: 'utf8' }))
    expect(before.filter((name) => !after.has(name))).toEqual([])
  })
})

// A new database takes seconds, so this is not done with all of them.
describe.each(kinds.filter((_, index) => index < 3))('a job folder with %s', (_kind, damage, reason) => {
  it('is kept under another name with JOBS_RESET, and an empty one takes its place', async () => {
    const path = copy()
    const folder = new JobFolder(path)
    damage(folder.database)
    const before = readdirSync(folder.database, { recursive: true }).length
    const lines: Line[] = []
    const opening = openingOf(path, lines, true)
    const { store } = await opening.open()
    await expect(store.get('', 'the-job')).rejects.toMatchObject({ code: 'not-found' })
    await store.submit(job)
    await opening.close()
    expect(lines.map(({ level }) => level)).toEqual([40])
    expect(lines[0]!.msg).toMatch(reason)
    const kept = readdirSync(folder.path).filter((name) => name.startsWith('pg.kept-'))
    expect(kept).toHaveLength(1)
    expect(readdirSync(join(folder.path, kept[0]!), { recursive: true }).length).toBeGreaterThanOrEqual(before)
  })
})

describe('a whole job folder', () => {
  it('is used as it is with JOBS_RESET', async () => {
    const path = copy()
    const lines: Line[] = []
    const opening = openingOf(path, lines, true)
    const { store } = await opening.open()
    expect((await store.get('', 'the-job')).state).toBe('queued')
    await opening.close()
    expect(lines).toEqual([])
  })

  it('loses no job with its marks', async () => {
    const path = copy()
    for (const name of readdirSync(join(path, 'jobs'))) if (name !== 'pg') rmSync(join(path, 'jobs', name))
    const opening = openingOf(path, [])
    expect(opening.isFresh).toBe(false)
    const { store } = await opening.open()
    expect((await store.get('', 'the-job')).state).toBe('queued')
    await opening.close()
  })

  it('of another release of the service, whose tables are others, is refused with that reason', async () => {
    const path = copy()
    const earlier = openingOf(path, [])
    await (await earlier.open()).database.query('ALTER TABLE attention_jobs.jobs RENAME COLUMN seeds TO runs')
    await earlier.close()
    const lines: Line[] = []
    const opening = openingOf(path, lines)
    await expect(opening.open()).rejects.toMatchObject({ message: expect.stringMatching(/another release.*seeds/) })
    await opening.close()
    expect(lines.map(({ level }) => level)).toEqual([50])
  })

  it('tells that there are no unfinished jobs only once all have ended', async () => {
    const path = copy()
    const folder = new JobFolder(path)
    expect(folder.hasUnfinished).toBe(true)
    const opening = openingOf(path, [])
    const { store } = await opening.open()
    await store.cancel('', 'the-job')
    await opening.ended(store)
    expect(folder.hasUnfinished).toBe(false)
    await opening.close()
  })
})

describe('a folder whose start was killed while it made the database', () => {
  it('gets a whole one, and keeps whatever else lies there', async () => {
    const path = join(root, 'half')
    const folder = new JobFolder(path)
    cpSync(whole, path, { recursive: true })
    const half = join(folder.path, 'making')
    cpSync(folder.database, join(half, 'pg'), { recursive: true })
    rmSync(folder.database, { recursive: true })
    writeFileSync(join(half, 'not-yet-a-database'), '')
    writeFileSync(join(folder.path, 'notes'), 'mine')
    expect(folder.isMade).toBe(false)
    const opening = openingOf(path, [])
    const { store } = await opening.open()
    await expect(store.get('', 'the-job')).rejects.toMatchObject({ code: 'not-found' })
    await opening.close()
    expect(existsSync(half)).toBe(false)
    expect(readFileSync(join(folder.path, 'notes'), 'utf8')).toBe('mine')
  })
})
