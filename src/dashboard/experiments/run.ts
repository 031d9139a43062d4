import { useEffect, useRef, useState } from 'preact/hooks'
import { call, mediaTypes } from '../api/client.ts'
import type { Form } from '../api/client.ts'
import { readEvents } from '../api/events.ts'
import { ApiProblem } from '../api/problem.ts'
import type { Experiment } from './config.ts'
import type { Job, Report } from './report-types.ts'

/** What is asked: an experiment by its request, or a job that was asked for before. */
export type Order =
  | { readonly experiment: Experiment; readonly body: Readonly<Record<string, unknown>>; readonly long: boolean }
  | { readonly job: string }

export interface RunState {
  readonly phase: 'idle' | 'running' | 'done' | 'failed' | 'cancelled'
  /** Null while the service does not tell (a call that is answered whole). */
  readonly progress: Job['progress'] | null
  readonly queued: boolean
  readonly report: Report | null
  readonly problem: ApiProblem | null
  /** Fetches the finished result in another form; null before the end. */
  readonly fetchAs: ((form: Form) => Promise<Response>) | null
}

const idle: RunState = { phase: 'idle', progress: null, queued: false, report: null, problem: null, fetchAs: null }
const ended: readonly Job['state'][] = ['succeeded', 'failed', 'cancelled']
const reconnectMs = 1_000

/**
 * Runs an order when there is one: a long one as a job, with its progress, a short one in one call. The last report
 * stays while the next is under way.
 */
export function useRun(order: Order | null): RunState & { readonly cancel: () => void } {
  const [state, setState] = useState<RunState>(idle)
  const stop = useRef<() => void>(() => undefined)
  const key = order === null ? null : JSON.stringify(order)
  useEffect(() => {
    if (order === null) return
    const controller = new AbortController()
    const { signal } = controller
    const update = (change: Partial<RunState>): void => {
      if (!signal.aborted) setState((before) => ({ ...before, ...change }))
    }
    let jobPath: string | null = null
    stop.current = () => {
      update({ phase: 'cancelled', progress: null, queued: false })
      controller.abort()
      if (jobPath !== null) void call(jobPath, { method: 'DELETE' }).catch(() => undefined)
    }
    const follow = async (path: string): Promise<void> => {
      jobPath = path
      const job = await untilEnded(path, signal, (known) =>
        update({ progress: known.progress, queued: known.state === 'queued' }),
      )
      if (job.state === 'cancelled') return update({ phase: 'cancelled', progress: null, queued: false })
      const report = (await (await call(`${path}/result`, { signal })).json()) as Report
      jobPath = null
      update({
        phase: 'done',
        report,
        queued: false,
        progress: null,
        fetchAs: (form) => call(`${path}/result`, { accept: mediaTypes[form] }),
      })
    }
    const run = async (): Promise<void> => {
      if ('job' in order) return follow(`/jobs/${encodeURIComponent(order.job)}`)
      const path = `/experiments/${order.experiment}`
      const response = await call(path, {
        body: order.body,
        headers: order.long ? { prefer: 'respond-async' } : {},
        signal,
      })
      if (response.status === 202)
        return follow(
          new URL(response.headers.get('location')!, location.origin).pathname.replace(/^.*(?=\/jobs\/)/, ''),
        )
      const report = (await response.json()) as Report
      update({ phase: 'done', report, fetchAs: (form) => call(path, { body: order.body, accept: mediaTypes[form] }) })
    }
    setState((before) => ({ ...before, phase: 'running', progress: null, queued: false, problem: null }))
    run().catch((error: unknown) => {
      if (!signal.aborted)
        update({
          phase: 'failed',
          progress: null,
          queued: false,
          problem: error instanceof ApiProblem ? error : new ApiProblem(null, String(error)),
        })
    })
    return () => controller.abort()
  }, [key])
  return { ...state, cancel: () => stop.current() }
}

/** Follows a job by its events, taking them up again where the stream was cut. */
async function untilEnded(path: string, signal: AbortSignal, tell: (job: Job) => void): Promise<Job> {
  let lastId: string | null = null
  for (;;) {
    const response = await call(`${path}/events`, {
      accept: 'text/event-stream',
      signal,
      headers: lastId === null ? {} : { 'last-event-id': lastId },
    })
    try {
      for await (const event of readEvents(response.body!)) {
        lastId = event.id ?? lastId
        const job = JSON.parse(event.data) as Job
        tell(job)
        if (ended.includes(job.state)) return job
      }
    } catch (error) {
      if (signal.aborted) throw error
    }
    // The stream was cut: what the job is now, and then on from the last event.
    const job = (await (await call(path, { signal })).json()) as Job
    tell(job)
    if (ended.includes(job.state)) return job
    await new Promise((resolve) => setTimeout(resolve, reconnectMs))
  }
}
