import type { JSX } from 'preact'
import { call } from '../api/client.ts'
import { useRequest } from '../state/request.ts'
import type { Job } from './report-types.ts'

const dateFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

/** The caller's jobs, newest first; nothing where there are none, or no jobs at all. */
export function EarlierRuns({
  current,
  ended,
}: {
  readonly current: string | null
  readonly ended: string
}): JSX.Element | null {
  const jobs = useRequest(
    `jobs ${ended}`,
    async (signal) => (await (await call('/jobs', { signal })).json()) as { readonly jobs?: readonly Job[] },
  )
  const listed = jobs.data?.jobs ?? []
  if (listed.length === 0) return null
  return (
    <nav class="earlier" aria-label="Earlier runs">
      <h3>Earlier runs</h3>
      <ul>
        {listed.slice(0, 8).map((job) => (
          <li key={job.id}>
            <a
              href={`#/experiments?job=${encodeURIComponent(job.id)}`}
              aria-current={job.id === current ? 'true' : undefined}
            >
              <span>
                {job.kind}, {job.progress.total.toLocaleString('en')} seeds
              </span>
              <span class="quiet">
                {job.state} · <time dateTime={job.created_at}>{dateFormat.format(new Date(job.created_at))}</time>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
