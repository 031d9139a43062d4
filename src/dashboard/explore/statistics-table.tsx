import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { AttentionAnswer } from '../api/client.ts'
import { csv, saveFile } from '../parts/save.ts'
import { fixed, fixedSigned, shown } from '../parts/text.ts'

const statistics = [
  { name: 'entropy', title: 'Entropy', unit: 'nats' },
  { name: 'normalized_entropy', title: 'Normalized entropy', unit: '' },
  { name: 'max_weight', title: 'Max weight', unit: '' },
  { name: 'distance', title: 'Distance', unit: 'positions' },
  { name: 'previous_token', title: 'Previous token', unit: '' },
  { name: 'first_token', title: 'First token', unit: '' },
  { name: 'diagonal', title: 'Diagonal', unit: '' },
] as const

const firstHeads = 16

/** Each head's statistics beside those of uniform attention at the same length. */
export function StatisticsTable({
  answer,
  name,
}: {
  readonly answer: AttentionAnswer | undefined
  readonly name: string | null
}): JSX.Element {
  const [all, setAll] = useState(false)
  const weights = answer?.summary?.weights
  const heads = weights?.entropy.length ?? 2
  const visible = all ? heads : Math.min(heads, firstHeads)
  const save = (): void =>
    saveFile(
      `statistics${name === null ? '' : `-${name}`}.csv`,
      csv([
        ['head', ...statistics.map((one) => one.name)],
        ['uniform', ...statistics.map((one) => weights!.uniform[one.name])],
        ...Array.from({ length: heads }, (_, head) => [
          head,
          ...statistics.map((one) => weights![one.name][head] ?? null),
        ]),
      ]),
    )
  return (
    <section class="card" aria-label={name === null ? 'Statistics' : `Statistics of ${name}`}>
      <div class="card-head">
        <h2>Statistics{name === null ? '' : ` of ${name}`}</h2>
        <button
          type="button"
          class="button small"
          disabled={weights === undefined}
          aria-label="Download statistics as CSV"
          onClick={save}
        >
          CSV
        </button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of statistics">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Head</th>
              {statistics.map((one) => (
                <th scope="col" key={one.name}>
                  {one.title}
                  {one.unit === '' ? null : <small> {one.unit}</small>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr class="baseline">
              <th scope="row">uniform</th>
              {statistics.map((one) => (
                <td key={one.name}>{fixed(weights?.uniform[one.name])}</td>
              ))}
            </tr>
            {Array.from({ length: visible }, (_, head) => (
              <tr key={head}>
                <th scope="row">{head}</th>
                {statistics.map((one) => {
                  const value = weights?.[one.name][head],
                    base = weights?.uniform[one.name]
                  return (
                    <td key={one.name}>
                      {fixed(value)}
                      <small title="difference from uniform attention">
                        {value == null || base == null ? '\u00a0' : fixedSigned(value - base)}
                      </small>
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {heads > visible ? (
        <button type="button" class="button small" onClick={() => setAll(true)}>
          Show all {heads} heads
        </button>
      ) : null}
      <p class="quiet">
        Averages over the batch and over rows i ≥ 1 (row 0 sees only itself). Small: the difference from uniform causal
        attention at this length.
      </p>
    </section>
  )
}

/** What the model is and what came of it, in a line of facts. */
export function Facts({
  answer,
  name,
}: {
  readonly answer: AttentionAnswer | undefined
  readonly name: string | null
}): JSX.Element {
  const context = answer?.summary?.context
  const facts: readonly (readonly [string, string])[] = [
    ['Parameters', answer === undefined ? '\u2013' : answer.model.num_parameters.toLocaleString('en')],
    ['head_dim', answer === undefined ? '\u2013' : String(answer.model.head_dim)],
    ['output_dim', answer === undefined ? '\u2013' : String(answer.model.output_dim)],
    ['Context range', context === undefined ? '\u2013' : `${shown(context.min, 3)} to ${shown(context.max, 3)}`],
    ['Context mean ± std', context === undefined ? '\u2013' : `${shown(context.mean, 2)} ± ${shown(context.std, 3)}`],
    ['Mean norm', context === undefined ? '\u2013' : shown(context.norm_mean, 3)],
    ['Largest row-sum error', answer === undefined ? '\u2013' : shown(answer.checks.max_row_sum_error, 2)],
    ['Engine', answer === undefined ? '\u2013' : `${answer.engine.name} (${answer.engine.device})`],
  ]
  return (
    <dl class="card facts" aria-label={name === null ? 'Facts' : `Facts of ${name}`}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
