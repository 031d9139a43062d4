import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { VegaLiteSpec } from '../../figures/spec.ts'
import { call } from '../api/client.ts'
import type { Form } from '../api/client.ts'
import { ApiProblem } from '../api/problem.ts'
import { Alert } from '../parts/alert.tsx'
import { Downloads } from '../parts/downloads.tsx'
import { Choice } from '../parts/field.tsx'
import { Fold } from '../parts/fold.tsx'
import { SnippetPanel } from '../parts/snippet-panel.tsx'
import { asCurl, experimentAsPython } from '../parts/snippets.ts'
import { navigate } from '../state/route.ts'
import { useRequest } from '../state/request.ts'
import { Figure } from '../vega/figure.tsx'
import {
  configFrom,
  configOfReport,
  defaults,
  experimentBody,
  experimentFieldAt,
  isLong,
  paramsOf,
  probeBody,
} from './config.ts'
import type { Experiment, ExperimentConfig, ExperimentErrors } from './config.ts'
import { EarlierRuns } from './earlier-runs.tsx'
import { ExperimentForm } from './form.tsx'
import { ReportTables } from './report.tsx'
import { useRun } from './run.ts'
import type { Order, RunState } from './run.ts'
import { Verdicts } from './verdicts.tsx'

export function ExperimentsPage({ params }: { readonly params: URLSearchParams }): JSX.Element {
  const job = params.get('job')
  const fromLink = configFrom(params)
  const order: Order | null =
    job !== null
      ? { job }
      : params.get('run') === 'true'
        ? { experiment: fromLink.experiment, body: experimentBody(fromLink), long: isLong(fromLink) }
        : null
  const run = useRun(order)
  // A link to a job says nothing of what was asked for; its report does.
  const config = job !== null && run.report !== null && run.phase === 'done' ? configOfReport(run.report) : fromLink
  const body = experimentBody(config)
  const [edited, setEdited] = useState(false)
  const probe = useRequest(
    edited && order === null ? JSON.stringify([config.experiment, probeBody(config)]) : null,
    async (signal) => {
      await call(`/experiments/${config.experiment}`, { body: probeBody(config), signal })
      return true
    },
    350,
  )
  const running = order !== null && (run.phase === 'running' || run.phase === 'idle')
  const problem = run.phase === 'failed' && order !== null ? run.problem : probe.problem
  const { errors, elsewhere } = byField(problem)

  const go = (next: ExperimentConfig, start: boolean, replace: boolean): void => {
    const wanted = paramsOf(next)
    if (start) wanted.set('run', 'true')
    navigate('experiments', wanted, replace)
  }
  const edit = (change: Partial<ExperimentConfig>): void => {
    if (running) run.cancel()
    setEdited(true)
    go({ ...config, ...change }, false, true)
  }
  const choose = (experiment: Experiment): void => {
    if (running) run.cancel()
    setEdited(false)
    go(defaults[experiment], false, false)
  }
  const cancel = (): void => {
    run.cancel()
    go(config, false, true)
  }
  // The report on the screen is the form's own, or an earlier one of the other question that must not stand for it.
  const report =
    run.report !== null && (job !== null || run.report.experiment === config.experiment) ? run.report : null
  return (
    <div class="explore">
      <aside class="sidebar" aria-label="Experiment">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            setEdited(false)
            go(config, true, false)
          }}
          aria-label="Experiment"
        >
          <Choice<Experiment>
            label="Question"
            options={[
              { value: 'bias', name: 'Bias' },
              { value: 'heads', name: 'Heads' },
            ]}
            value={config.experiment}
            onChange={choose}
          />
          <p class="field-hint">
            {config.experiment === 'bias'
              ? 'Does a bias on queries, keys and values change attention?'
              : 'What do more heads, or narrower ones, change?'}
          </p>
          <Fold label="Change the configuration" open={Object.keys(errors).length > 0}>
            <ExperimentForm config={config} errors={errors} onChange={edit} />
          </Fold>
          <button
            type="submit"
            class="button primary full"
            disabled={running || (order !== null && run.phase === 'done')}
          >
            {running
              ? 'Running…'
              : order !== null && run.phase === 'done'
                ? 'The report is up to date'
                : 'Run the experiment'}
          </button>
        </form>
        <EarlierRuns current={job} ended={run.phase} />
      </aside>
      <div class="results">
        {elsewhere !== null ? <Alert problem={elsewhere} /> : null}
        {running || (run.phase === 'cancelled' && order === null) ? <Progress run={run} onCancel={cancel} /> : null}
        {report === null ? (
          running ? (
            <div class="waiting" />
          ) : (
            <Intro experiment={config.experiment} />
          )
        ) : (
          <div class={`stack${running || order === null ? ' stale' : ''}`}>
            {order === null && !running ? (
              <p class="notice" role="status">
                The report below is of the last run; run again for the configuration on the form.
              </p>
            ) : null}
            <Verdicts report={report} />
            <ExperimentFigure run={run} experiment={report.experiment} />
            <ReportTables report={report} />
          </div>
        )}
        <SnippetPanel
          snippets={[
            {
              id: 'curl',
              name: 'curl',
              text: asCurl(`/experiments/${config.experiment}`, body, 'application/json'),
              note: 'With “Accept: text/csv” the answer is one row a seed and arm.',
            },
            { id: 'python', name: 'Python', text: experimentAsPython(`/experiments/${config.experiment}`, body) },
            { id: 'page', name: 'link', text: location.href, note: 'This page; a link to a run runs it when opened.' },
          ]}
        />
      </div>
    </div>
  )
}

function byField(problem: ApiProblem | null): {
  readonly errors: ExperimentErrors
  readonly elsewhere: ApiProblem | null
} {
  if (problem === null) return { errors: {}, elsewhere: null }
  const errors: Partial<Record<keyof ExperimentConfig, string>> = {}
  let all = problem.places.length > 0
  for (const { path, message } of problem.places) {
    const field = experimentFieldAt(path)
    if (field === null) all = false
    else errors[field] ??= message
  }
  return { errors, elsewhere: all ? null : problem }
}

function Progress({ run, onCancel }: { readonly run: RunState; readonly onCancel: () => void }): JSX.Element {
  const { progress } = run
  if (run.phase === 'cancelled')
    return (
      <p class="notice" role="status">
        Cancelled.
      </p>
    )
  const words = run.queued
    ? 'Waiting for its turn'
    : progress === null
      ? 'Computing'
      : `${progress.done.toLocaleString('en')} of ${progress.total.toLocaleString('en')} seeds`
  return (
    <section class="card progress" aria-label="Progress">
      <p role="status">{words}</p>
      <progress
        aria-label="Progress"
        {...(progress === null || run.queued ? {} : { max: Math.max(1, progress.total), value: progress.done })}
      />
      <button type="button" class="button" onClick={onCancel}>
        Cancel
      </button>
    </section>
  )
}

function ExperimentFigure({
  run,
  experiment,
}: {
  readonly run: RunState
  readonly experiment: Experiment
}): JSX.Element | null {
  const { fetchAs, report } = run
  const [ids] = useState(() => new WeakMap<object, number>())
  if (report !== null && !ids.has(report)) ids.set(report, Math.random())
  const spec = useRequest(
    fetchAs === null || report === null ? null : String(ids.get(report)),
    async () => (await (await fetchAs!('vegalite')).json()) as VegaLiteSpec,
  )
  if (fetchAs === null) return null
  const as = (label: string, form: Form, extension: string) => ({
    label,
    file: `experiment-${experiment}.${extension}`,
    get: async () => (await fetchAs(form)).blob(),
  })
  return (
    <section class="card" aria-label="Effects">
      {spec.problem === null ? (
        <Figure spec={spec.data} height={(room) => (room < 640 ? 2400 : 1100)} busy={spec.loading} />
      ) : (
        <Alert problem={spec.problem} retry={spec.retry} />
      )}
      <Downloads
        label="Download"
        downloads={[
          as('rows (CSV)', 'csv', 'csv'),
          as('report (JSON)', 'json', 'json'),
          as('PNG', 'png', 'png'),
          as('SVG', 'svg', 'svg'),
          as('Vega-Lite', 'vegalite', 'vl.json'),
        ]}
      />
    </section>
  )
}

function Intro({ experiment }: { readonly experiment: Experiment }): JSX.Element {
  return (
    <section class="card intro">
      <h2>{experiment === 'bias' ? 'Does bias change attention?' : 'Do more heads change attention?'}</h2>
      <p>
        {experiment === 'bias'
          ? 'The source study compared one seed with and without qkv_bias and concluded by eye. Here every bias is tried alone and together, over many seeds, with identical weights in all arms.'
          : 'The source study compared 2 and 4 heads at one seed. Here the number of heads and their width are told apart, over many seeds, and similarity is held against heads that have nothing to do with each other.'}
      </p>
      <p>
        The study’s own configuration is filled in. Each of its claims gets a verdict: an interval wholly on its side
        supports it, wholly on the other side refutes it, and anything else does not distinguish.
      </p>
    </section>
  )
}
