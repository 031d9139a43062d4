import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { RunningService } from './running-service.ts'

export const background = { prefer: 'respond-async' }

export interface SeenEvent {
  readonly id: number
  readonly name: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any
}

/** A job as it goes over the wire. */
export interface SeenJob {
  readonly id: string
  readonly state: string
  readonly progress: { readonly done: number; readonly total: number }
  readonly [more: string]: unknown
}

/** Sends an experiment to become a job; the address of the job. */
export async function submit(
  service: RunningService,
  kind: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await service.post(`/experiments/${kind}`, body, { ...background, ...headers })
  expect(answer.status, answer.text).toBe(202)
  expect(answer.headers['preference-applied']).toBe('respond-async')
  return answer.headers.location as string
}

/** Waits until a job is as wanted. */
export async function waitFor(
  service: RunningService,
  location: string,
  wanted: (job: SeenJob) => boolean,
  withinMs = 120_000,
  headers: Record<string, string> = {},
): Promise<SeenJob> {
  const end = performance.now() + withinMs
  for (;;) {
    const answer = await service.get(location, headers)
    const job = answer.json() as SeenJob
    if (answer.status === 200 && wanted(job)) return job
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${answer.text}`)
    await sleep(50)
  }
}

export const hasEnded = ({ state }: SeenJob): boolean => ['succeeded', 'failed', 'cancelled'].includes(state)

/** Text of a stream of events as events; comments are left out. */
export function parseEvents(text: string): SeenEvent[] {
  return text
    .split('\n\n')
    .map((block) =>
      Object.fromEntries(block.split('\n').map((line) => /^(\w+): (.*)$/.exec(line)?.slice(1) ?? ['', ''])),
    )
    .filter(({ id }) => id !== undefined)
    .map(({ id, event, data }) => ({ id: Number(id), name: event!, data: JSON.parse(data!) }))
}

/** Process ids below a process, itself first. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))![1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // it ended meanwhile
    }
  }
  const all = [pid]
  for (const member of all) all.push(...(children.get(member) ?? []))
  return all
}

/** kill -9 of a service and all its processes at once. */
export function killAll(service: RunningService): void {
  for (const pid of family(service.pid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it ended meanwhile
    }
  }
}

/** The command line of a process, or ''. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

export function jobsProcess(service: RunningService): number | undefined {
  return family(service.pid).find((pid) => commandOf(pid).includes('main.ts jobs '))
}
