import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Database } from '../../src/jobs/connection.ts'
import { openEmbedded } from '../../src/jobs/embedded-database.ts'
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
  unit: 'seed',
  units: 5,
  unitsPerChunk: 2,
  bytes: 8_000,
  ...more,
})

describe('the store of jobs', () => {
  const path = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
  let database: Database
  let queue: TaskQueue
  let store: JobStore
  let promised = 0
  const checkRoom = (bytes: number): void => {
    promised = bytes
  }
  const limits = { retentionDays: secondsKept / 86_400, jobsPerCaller: 5, bytes: 20_000, checkRoom }
  beforeAll(async () => {
    database = await openEmbedded(new JobFolder(path), 2 ** 23, pino({ level: 'silent' }))
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

  it('keeps of a cancelled job that there was one: no request, no chunks, no tasks', async () => {
    await store.cancel('', 'id-third-0')
    await queue.clear(database)
    const request = JSON.stringify({ values: 'x'.repeat(6_000) })
    await store.submit(job({ content: 'large', request, units: 500, unitsPerChunk: 1 }))
    const bytes = async (): Promise<number> =>
      (await database.query<{ bytes: number }>("SELECT bytes FROM attention_jobs.jobs WHERE id = 'id-large-0'"))[0]!
        .bytes
    expect(await bytes()).toBe(8_000)
    expect(await store.request('id-large-0')).toBe(request)
    await store.cancel('', 'id-large-0')
    expect(await store.request('id-large-0')).toBe('')
    expect(await bytes()).toBeLessThan(6_000)
    expect(await count('chunks')).toBe(0)
    expect(await queue.take()).toBeNull()
    const [tasks] = await database.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM attention_queue.job WHERE state < 'completed'",
    )
    expect(tasks!.count).toBe(0)
  })

  it('forgets the oldest jobs without a result where there is no room, and no others', async () => {
    for (let content = 0; content < 20; content++) {
      const { job: made } = await store.submit(job({ content: `short-${content}` }))
      await store.cancel('', made.id)
    }
    await expect(store.get('', 'id-short-0-0')).rejects.toMatchObject({ code: 'not-found' })
    expect((await store.get('', 'id-short-19-0')).state).toBe('cancelled')
    await store.submit(job({ content: 'last' }))
    await store.submit(job({ content: 'and one' }))
    await expect(store.submit(job({ content: 'too many' }))).rejects.toMatchObject({ code: 'storage-failed' })
    expect((await store.get('', 'id-last-0')).state).toBe('queued')
  })

  it('promises the disk once: what accepted jobs are still to write is not there for another', async () => {
    await store.cancel('', 'id-and one-0')
    await store.submit(job({ content: 'after', bytes: 1_000 }))
    expect(promised).toBe(8_000 + 1_000)
    for (const chunk of [0, 1]) {
      const task = (await queue.take())!
      expect(task).toMatchObject({ job: chunk === 0 ? 'id-last-0' : 'id-after-0', chunk: 0 })
      await store.begin(task)
      await store.keep(task, 'answer')
    }
    await store.cancel('', 'id-after-0')
    await store.submit(job({ content: 'after', bytes: 1_000 }))
    expect(promised).toBe(8_000 * (3 / 5) + 1_000)
  })
})

describe('a clock that is put back', () => {
  const path = mkdtempSync(join(tmpdir(), 'attention-jobs-'))
  afterAll(() => {
    vi.useRealTimers()
    rmSync(path, { recursive: true, force: true })
  })

  it('keeps no task from being taken, given back ones and those of a dead process included', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const database = await openEmbedded(new JobFolder(path), 2 ** 23, pino({ level: 'silent' }))
    const queue = new TaskQueue(database.boss)
    await queue.start(60)
    await database.transaction(makeTables)
    const limits = { retentionDays: 1, jobsPerCaller: 5, bytes: 1e9, checkRoom: () => {} }
    const store = new JobStore(database, queue, limits, '1.0.0')
    await store.submit(job())
    const [taken, givenBack] = [(await queue.take())!, (await queue.take())!]
    await queue.again(givenBack)
    vi.setSystemTime(Date.now() - 3_600_000)
    await store.submit(job({ content: 'later' }))
    const take = async (): Promise<string[]> => {
      const tasks = []
      for (let task = await queue.take(); task !== null; task = await queue.take())
        tasks.push(`${task.job} ${task.chunk}`)
      return tasks.sort()
    }
    expect(await take()).toEqual(['id-later-0 0', 'id-later-0 1', 'id-later-0 2']) // the others are an hour away
    await queue.mendTimes(database)
    expect(await take()).toEqual(['id-content-0 1', 'id-content-0 2'])
    vi.setSystemTime(Date.now() + 30_000) // the process that had taken this one says nothing any more
    await database.boss.supervise()
    vi.setSystemTime(Date.now() + 30_000)
    expect(await take()).toContain(`id-content-0 ${taken.chunk}`)
    await queue.stop()
    await database.close()
  })
})
