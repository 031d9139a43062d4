import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { call, client } from '../api/client.ts'
import type { EnginesAnswer } from '../api/client.ts'
import { Alert } from '../parts/alert.tsx'
import { TextField } from '../parts/field.tsx'
import { shown, whole } from '../parts/text.ts'
import { useRequest } from '../state/request.ts'
import { readable, readMetrics } from './metrics.ts'
import type { Metric } from './metrics.ts'
import { useHealth } from './status-pill.tsx'

const every = 5_000

/** Room for the answer that is not there yet: four engines, eight limits. */
const awaited = [0, 1, 2, 3]
const awaitedLimits: Readonly<Record<string, number>> = {
  body_mib: 0,
  memory_mib: 0,
  queue: 0,
  request_timeout_seconds: 0,
  experiment_timeout_seconds: 0,
  rate_per_minute: 0,
  max_seeds: 0,
  job_retention_days: 0,
}

function limitName(name: string): string {
  return name
    .replace(/_(mib|seconds|days)$/, (_, unit: string) => ` (${unit === 'mib' ? 'MiB' : unit})`)
    .replaceAll('_', ' ')
}

/** What runs here, how it is, and what it counts. */
export function ServicePage(): JSX.Element {
  const [tick, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setTick((count) => count + 1)
    }, every)
    return () => clearInterval(timer)
  }, [])
  const health = useHealth(every)
  const engines = useRequest(`engines ${tick}`, async (signal) => (await client.GET('/engines', { signal })).data!)
  const metrics = useRequest(`metrics ${tick}`, async (signal) =>
    readMetrics(await (await call('/metrics', { accept: 'text/plain', signal })).text()),
  )
  const answer = engines.data
  const queue = metrics.data?.find(({ name }) => name === 'attention_queue_length')?.samples[0]?.value ?? null
  const running = answer?.engines.filter(({ available }) => available) ?? []
  return (
    <div class="service stack">
      {engines.problem === null ? null : <Alert problem={engines.problem} retry={engines.retry} />}
      <div class="tiles">
        <Tile label="State" value={health.status === 'unknown' ? '\u2013' : health.status} note={health.reason} />
        <Tile label="Version" value={answer?.service.version ?? '\u2013'} note="" />
        <Tile
          label="Engine asked for"
          value={answer?.engine ?? '\u2013'}
          note={`device ${answer?.device ?? '\u2013'}`}
        />
        <Tile
          label="Engines that can run"
          value={answer === undefined ? '\u2013' : String(running.length)}
          note={[...new Set(running.flatMap(({ devices }) => devices ?? []))].join(', ')}
        />
        <Tile
          label="Workers"
          value={
            answer === undefined
              ? '\u2013'
              : answer.workers.length === 0
                ? 'in one process'
                : `${answer.workers.filter(({ state }) => state === 'ready').length} of ${answer.workers.length} ready`
          }
          note=""
        />
        <Tile
          label="Queue"
          value={queue === null ? '\u2013' : whole(queue)}
          note={answer === undefined ? '' : `of at most ${whole(answer.limits.queue ?? 0)} waiting`}
        />
      </div>
      <section class="card">
        <h2>Engines</h2>
        <div class="scroll" tabIndex={0} role="region" aria-label="Engines">
          <table>
            <thead>
              <tr>
                <th scope="col">Engine</th>
                <th scope="col">State</th>
                <th scope="col">Device</th>
                <th scope="col">Version</th>
                <th scope="col">Why not</th>
              </tr>
            </thead>
            <tbody>
              {answer === undefined
                ? awaited.map((row) => (
                    <tr key={row} class="skeleton">
                      <th scope="row">engine</th>
                      <td>state</td>
                      <td />
                      <td />
                      <td />
                    </tr>
                  ))
                : null}
              {answer?.engines.map((engine) => (
                <tr key={engine.name}>
                  <th scope="row">{engine.name}</th>
                  <td>
                    <span class={engine.available ? 'good' : 'quiet'}>
                      {engine.available ? 'available' : 'not here'}
                    </span>
                  </td>
                  <td>{engine.identity?.device ?? engine.devices?.join(', ') ?? '\u2013'}</td>
                  <td>{engine.identity?.version ?? '\u2013'}</td>
                  <td>{engine.reason ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <Workers workers={answer?.workers} />
      <section class="card">
        <h2>Limits in force</h2>
        <dl class="facts">
          {Object.entries(answer?.limits ?? awaitedLimits).map(([name, value]) => (
            <div key={name}>
              <dt>{limitName(name)}</dt>
              <dd>{answer === undefined ? '\u2013' : value === 0 && name.startsWith('rate') ? 'off' : whole(value)}</dd>
            </div>
          ))}
        </dl>
      </section>
      {metrics.problem !== null && metrics.data === undefined ? (
        <section class="card">
          <h2>Metrics</h2>
          <Alert problem={metrics.problem} retry={metrics.retry} />
        </section>
      ) : (
        <Metrics metrics={metrics.data ?? []} />
      )}
    </div>
  )
}

function Tile({
  label,
  value,
  note,
}: {
  readonly label: string
  readonly value: string
  readonly note: string
}): JSX.Element {
  return (
    <div class="tile">
      <p class="tile-label">{label}</p>
      <p class="tile-value">{value}</p>
      <p class="tile-note">{note}</p>
    </div>
  )
}

function Workers({ workers }: { readonly workers: EnginesAnswer['workers'] | undefined }): JSX.Element {
  return (
    <section class="card">
      <h2>Workers</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Workers">
        <table>
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">State</th>
              <th scope="col">Device</th>
              <th scope="col">Process</th>
              <th scope="col">Restarts</th>
              <th scope="col">Doing</th>
            </tr>
          </thead>
          <tbody>
            {workers === undefined ? (
              <tr class="skeleton">
                <th scope="row">0</th>
                <td>state</td>
                <td />
                <td />
                <td />
                <td />
              </tr>
            ) : null}
            {workers?.length === 0 ? (
              <tr>
                <td colSpan={6}>None: everything is computed in the one process (WORKERS=0).</td>
              </tr>
            ) : null}
            {workers?.map((worker) => (
              <tr key={worker.id}>
                <th scope="row">{worker.id}</th>
                <td>
                  <span class={worker.state === 'ready' ? 'good' : 'bad'}>{worker.state}</span> {worker.reason ?? ''}
                </td>
                <td>{worker.device}</td>
                <td>{worker.pid ?? '\u2013'}</td>
                <td>{worker.restarts}</td>
                <td>{worker.doing ?? 'waiting'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** The service's own first, then those of the process. */
function Metrics({ metrics }: { readonly metrics: readonly Metric[] }): JSX.Element {
  const [filter, setFilter] = useState('')
  const own = (name: string): boolean => !/^(nodejs|process)_/.test(name)
  const listed = [...metrics]
    .sort((a, b) => Number(own(b.name)) - Number(own(a.name)))
    .filter(({ name, help }) => `${name} ${help}`.toLowerCase().includes(filter.toLowerCase()))
  return (
    <section class="card">
      <div class="card-head">
        <h2>Metrics</h2>
        <TextField label="Filter" numeric={false} placeholder="queue" value={filter} onChange={setFilter} />
      </div>
      <div class="scroll tall" tabIndex={0} role="region" aria-label="Metrics">
        <table>
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">Labels</th>
              <th scope="col" class="number">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            {listed.flatMap((metric) =>
              readable(metric).map((sample, at) => (
                <tr key={`${metric.name}${sample.labels}${at}`}>
                  <td title={metric.help}>{metric.name}</td>
                  <td class="quiet">{sample.labels}</td>
                  <td class="number">
                    {shown(sample.value, 6)} <small>{sample.note}</small>
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
      <p class="quiet">
        Read every 5 seconds while this page is in front. <a href="./metrics">/metrics</a> is what Prometheus reads.
      </p>
    </section>
  )
}
