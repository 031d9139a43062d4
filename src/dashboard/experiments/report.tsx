import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { SelectField } from '../parts/field.tsx'
import { interval, shown } from '../parts/text.ts'
import type { Report } from './report-types.ts'

/** The tables behind the verdicts. */
export function ReportTables({ report }: { readonly report: Report }): JSX.Element {
  return (
    <>
      {report.similarity === undefined ? null : <Similarity similarity={report.similarity} />}
      <Comparisons report={report} />
      <Arms report={report} />
      <Notebook notebook={report.notebook} />
      <Table
        title="What must hold exactly"
        head={['Invariant', 'Largest deviation', 'Tolerance', '']}
        numbers={[1, 2]}
        rows={report.invariants.map((one) => [
          <span title={one.id}>{one.statement ?? one.id}</span>,
          shown(one.max_deviation, 2),
          shown(one.tolerance, 2),
          <span class={one.holds ? 'good' : 'bad'}>{one.holds ? 'holds' : 'fails'}</span>,
        ])}
      />
      <section class="card cautions">
        <h2>Before you believe it</h2>
        <ul>
          {report.cautions.map((caution) => (
            <li key={caution}>{caution}</li>
          ))}
        </ul>
      </section>
    </>
  )
}

function Table({
  title,
  head,
  numbers,
  rows,
  children,
  tall,
}: {
  readonly title: string
  readonly head: readonly ComponentChildren[]
  readonly numbers: readonly number[]
  readonly rows: readonly (readonly ComponentChildren[])[]
  readonly children?: ComponentChildren
  readonly tall?: boolean
}): JSX.Element {
  const of = (at: number): string | undefined => (numbers.includes(at) ? 'number' : undefined)
  return (
    <section class="card">
      <div class="card-head">
        <h2>{title}</h2>
        {children}
      </div>
      <div class={`scroll${tall === true ? ' tall' : ''}`} tabIndex={0} role="region" aria-label={title}>
        <table>
          <thead>
            <tr>
              {head.map((cell, at) => (
                <th scope="col" class={of(at)} key={at}>
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                {row.map((cell, column) =>
                  column === 0 ? (
                    <th scope="row" key={column}>
                      {cell}
                    </th>
                  ) : (
                    <td class={of(column)} key={column}>
                      {cell}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Similarity({ similarity }: { readonly similarity: NonNullable<Report['similarity']> }): JSX.Element {
  return (
    <Table
      title="Similarity of heads against its null"
      head={['Measure', 'Observed mean', 'Interval', 'Null mean', 'Null sd', 'Share of the null below']}
      numbers={[1, 2, 3, 4, 5]}
      rows={Object.entries(similarity).map(([name, one]) => [
        name,
        shown(one.mean),
        interval(one.confidence_interval),
        shown(one.null.mean),
        shown(one.null.sd),
        percent(one.null.percentile),
      ])}
    />
  )
}

function percent(share: number | null): string {
  return share === null ? '\u2013' : `${shown(100 * share, 3)} %`
}

function Comparisons({ report }: { readonly report: Report }): JSX.Element {
  const names = [...new Set(report.comparisons.map(({ statistic }) => statistic))]
  const [statistic, setStatistic] = useState('')
  const listed = report.comparisons.filter((one) => statistic === '' || one.statistic === statistic)
  return (
    <Table
      title="Paired differences"
      tall
      head={[
        'Comparison',
        'Statistic',
        'Mean difference',
        'Interval',
        'Effect size d_z',
        'Positive in',
        'Seeds for 80 % power',
      ]}
      numbers={[2, 3, 4, 5, 6]}
      rows={listed.map((one) => [
        `${one.arm} − ${one.baseline}`,
        one.statistic,
        shown(one.mean_difference),
        interval(one.confidence_interval),
        shown(one.effect_size_dz, 3),
        percent(one.share_positive),
        shown(one.seeds_for_80_percent_power, 6),
      ])}
    >
      <SelectField
        label="Statistic"
        value={statistic}
        onChange={setStatistic}
        options={[{ value: '', name: 'all' }, ...names.map((name) => ({ value: name, name }))]}
      />
    </Table>
  )
}

function Arms({ report }: { readonly report: Report }): JSX.Element {
  const names = [...new Set(report.arms.flatMap(({ statistics }) => Object.keys(statistics)))]
  return (
    <Table
      title="Arms: mean and standard deviation over seeds"
      head={['Statistic', ...report.arms.map(({ name }) => name)]}
      numbers={report.arms.map((_, at) => at + 1)}
      rows={names.map((name) => [
        name,
        ...report.arms.map(({ statistics }) => {
          const one = statistics[name]
          return one === undefined ? (
            '\u2013'
          ) : (
            <>
              {shown(one.mean)} <small>± {shown(one.sd, 2)}</small>
            </>
          )
        }),
      ])}
    />
  )
}

/** The study's one run, reproduced. */
function Notebook({ notebook }: { readonly notebook: Report['notebook'] }): JSX.Element {
  const number = (name: string): number | null => (typeof notebook[name] === 'number' ? notebook[name] : null)
  const facts = Object.keys(notebook).filter((name) => typeof notebook[name] === 'number' && name !== 'seed')
  const percentile = number('head_correlation_percentile')
  return (
    <section class="card">
      <h2>The study’s own run, seed {String(notebook.seed ?? 42)}</h2>
      <dl class="facts">
        {facts.map((name) => (
          <div key={name}>
            <dt>{name.replaceAll('_', ' ')}</dt>
            <dd>{shown(number(name), 4)}</dd>
          </div>
        ))}
      </dl>
      {percentile === null ? null : (
        <p class="quiet">
          A correlation of {shown(number('head_correlation'))} is not remarkable: {percent(1 - percentile)} of pairs of
          unrelated heads exceed it.
        </p>
      )}
    </section>
  )
}
