import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/jobs/connection.ts'
import { openEmbedded } from '../../src/jobs/database.ts'
import { JobFolder } from '../../src/jobs/job-folder.ts'
import { TaskQueue } from '../../src/jobs/queue.ts'
import { JobStore } from '../../src/jobs/store.ts'
import type { NewJob } from '../../src/jobs/store.ts'
import { makeTables } from '../../src/jobs/tables.ts'

const secondsKept = 2
const job = (more: Partial<NewJob> = {}): NewJob => ({
  content: 'content',
  idOf: (attempt) => `id-${more.content ?? 'content'}-${attempt}`,
  caller: '',
  kind: 'bias',
  request: '{}',
  seeds: 5,
  seedsPerChunk: 2,
  bytes: 400,
  ...more,
})

describe('the store of jobs', () => {
  const path = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
  let database: Database
  let queue: TaskQueue
  let store: JobStore
  const limits = { retentionDays: secondsKept / 86_400, jobsPerCaller: 5, bytes: 1000 }
  beforeAll(async () => {
    database = await openEmbedded(new JobFolder(path))
    queue = new TaskQueue(database.boss)
    await queue.start(60)
    await database.transaction(makeTables)
    store = new JobStore(database, queue, limits, '1.9.0')
  })
  afterAll(async () => {
    await queue.stop()
    await database.close()
    rmSync(path, { recursive: true, force: true })
  })
  const count = async (table: string): Promise<number> =>
    Number((await database.query<{ count: number }>(`SELECT count(*) AS count FROM attention_jobs.${table}`))[0]!.count)

  it('hands out each chunk once, keeps each answer once, and asks for one report', async () => {
    const {
      job: { id },
    } = await store.submit(job())
    const tasks = []
    for (let task = await queue.take(); task !== null; task = await queue.take()) tasks.push(task)
    expect(tasks.map(({ chunk }) => chunk)).toEqual([0, 1, 2])
    const ranges = await Promise.all(tasks.map((task) => store.begin(task)))
    expect(ranges.map((range) => [range!.from, range!.to])).toEqual([
      [0, 2],
      [2, 4],
      [4, 5],
    ])
    for (const task of tasks.toReversed()) {
      expect(await store.keep(task, `answer ${task.chunk}`)).toBe(task.chunk === 0 ? 'last' : 'kept')
      expect(await store.keep(task, 'a second time')).toBe('dropped') // as a replica that was thought dead would
    }
    expect((await store.get('', id)).done).toBe(5)
    expect(await store.answers(id)).toEqual(['answer 0', 'answer 1', 'answer 2'])
    const report = await queue.take()
    expect(report).toMatchObject({ job: id, chunk: 'report' })
    expect(await queue.take()).toBeNull()
    await store.succeeded(report!, '{}')
    await store.succeeded(report!, 'a second time')
    expect(await store.result(id)).toBe('{}')
    expect((await store.eventsAfter(id, 0)).map(({ name }) => name)).toEqual([
      'progress',
      'progress',
      'progress',
      'progress',
      'progress',
      'succeeded',
    ])
  })

  it('keeps no more than its limit, until something expires; then the rows are gone and the job is still known', async () => {
    await store.submit(job({ content: 'second' }))
    await expect(store.submit(job({ content: 'third' }))).rejects.toMatchObject({ code: 'storage-failed' })
    await store.cancel('', 'id-second-0')
    await sleep(secondsKept * 1000 + 200)
    await store.sweep()
    expect([await count('chunks'), await count('events'), await count('jobs')]).toEqual([0, 0, 2])
    expect((await store.get('', 'id-content-0')).expired).toBe(true)
    await store.submit(job({ content: 'third' }))
  })

  it('makes up the queue anew from what is missing', async () => {
    await queue.clear(database)
    const task = await queue.take()
    expect(task).toMatchObject({ job: 'id-third-0', chunk: 0 })
    await store.begin(task!)
    await store.keep(task!, 'answer')
    await queue.take() // a process that then died
    await queue.clear(database)
    const chunks = []
    for (let again = await queue.take(); again !== null; again = await queue.take()) chunks.push(again.chunk)
    expect(chunks).toEqual([1, 2])
  })

  it('lets a newer version of the service begin a job anew, and an older one leave it alone', async () => {
    await queue.clear(database)
    const left = await queue.take()
    expect(left).toMatchObject({ job: 'id-third-0', chunk: 1 })
    const newer = new JobStore(database, queue, limits, '1.10.0')
    expect(await newer.begin(left!)).toBeNull()
    await newer.drop(left!)
    expect(await newer.get('', 'id-third-0')).toMatchObject({ done: 0 })
    const taken = (await queue.take())!
    await expect(store.begin(taken)).rejects.toMatchObject({ code: 'not-ready' })
    const done = new Set()
    for (let task: typeof taken | null = taken; task !== null; task = await queue.take()) {
      if (task.chunk === 'report') continue
      const work = await newer.begin(task)
      if (work === null) await newer.drop(task)
      else await newer.keep(task, `new ${task.chunk}`)
      done.add(task.chunk)
    }
    expect([...done].sort()).toEqual([0, 1, 2])
    expect(await newer.answers('id-third-0')).toEqual(['new 0', 'new 1', 'new 2'])
  })
})
