import { Readable } from 'node:stream'
import { hasEnded } from './job.ts'
import type { JobState } from './job.ts'
import type { JobStore } from './store.ts'
import type { JobWatch } from './watch.ts'

/** A line that says nothing, so that a connection through proxies is kept and a dead one noticed. */
const heartbeatMs = 10_000
const heartbeat = ': still here\n\n'

/** A job's events after number `after` as text/event-stream, until it has ended. */
export function eventStream(
  store: JobStore,
  watch: JobWatch,
  id: string,
  after: number,
  signal: AbortSignal,
): Readable {
  return Readable.from(read(store, watch, id, after, signal), { objectMode: false })
}

async function* read(
  store: JobStore,
  watch: JobWatch,
  id: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let known = after
  let latest = Infinity
  let ended = false
  let changed = (): void => {}
  const unwatch = watch.watch(id, ({ event, state }) => {
    latest = event
    ended = hasEnded(state as JobState)
    if (event > known) changed()
  })
  signal.addEventListener('abort', () => changed())
  try {
    yield 'retry: 1000\n\n'
    while (!signal.aborted) {
      for (const { number, name, data } of await store.eventsAfter(id, known)) {
        known = number
        yield `id: ${number}\nevent: ${name}\ndata: ${data}\n\n`
        if (name !== 'progress') return
      }
      if (ended && known >= latest) return
      if (latest === Infinity) latest = known
      while (!signal.aborted && latest <= known && !ended) {
        const timedOut = await next()
        if (timedOut) yield heartbeat
      }
    }
  } finally {
    unwatch()
  }

  /** Waits for a change; true when there was none for so long that a heartbeat is due. */
  function next(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, heartbeatMs, true)
      changed = () => {
        clearTimeout(timer)
        resolve(false)
      }
    })
  }
}
