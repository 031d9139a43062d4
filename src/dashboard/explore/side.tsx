import type { JSX } from 'preact'
import type { VegaLiteSpec } from '../../figures/spec.ts'
import { cellStep, panelLayout, smallestCell } from '../../figures/layout.ts'
import { Alert } from '../parts/alert.tsx'
import { Downloads } from '../parts/downloads.tsx'
import type { ApiProblem } from '../api/problem.ts'
import type { Requested } from '../state/request.ts'
import { Figure } from '../vega/figure.tsx'
import { heightOfMaps } from '../vega/fit.ts'
import { download } from './calls.ts'
import { seqLenOf } from './config.ts'
import type { Config } from './config.ts'
import { figureQuery } from './state.ts'
import type { View } from './state.ts'

/** One configuration's picture, what is wrong with it, and its downloads. */
export function SidePanel({
  config,
  view,
  name,
  spec,
  figure,
  problem,
  outdated,
  onCell,
}: {
  readonly config: Config
  readonly view: View
  readonly name: string | null
  /** What is drawn: the figure's specification, its colours shared with the other side's. */
  readonly spec: VegaLiteSpec | undefined
  readonly figure: Requested<VegaLiteSpec>
  /** Of the configuration, where it is not shown at a field. */
  readonly problem: ApiProblem | null
  /** What is drawn is an earlier, valid configuration's. */
  readonly outdated: boolean
  readonly onCell: ((datum: Readonly<Record<string, unknown>>) => void) | null
}): JSX.Element {
  const query = figureQuery(view)
  const stem = `attention-${view.figure}${name === null ? '' : `-${name.toLowerCase()}`}`
  const shownProblem = problem ?? figure.problem
  const stale = outdated || figure.loading || shownProblem !== null
  return (
    <section
      class={`card side${stale && spec !== undefined ? ' stale' : ''}`}
      aria-label={name === null ? 'Figure' : `Figure of ${name}`}
    >
      {name === null ? null : (
        <h2 class="side-name">
          <span class="badge">{name}</span> {summary(config)}
        </h2>
      )}
      {shownProblem === null ? null : (
        <Alert
          problem={shownProblem}
          retry={
            figure.problem !== null &&
            ['unreachable', 'queue-full', 'memory-full', 'not-ready', 'draining', 'rate-limited'].includes(
              figure.problem.code,
            )
              ? figure.retry
              : undefined
          }
        />
      )}
      {outdated && spec === undefined ? (
        <p class="notice">There is nothing to show yet: correct the marked fields.</p>
      ) : null}
      <Figure spec={spec} height={(room) => expectedHeight(config, view, room)} busy={figure.loading} onCell={onCell} />
      <Downloads
        label={name === null ? 'Download' : `Download ${name}`}
        downloads={[
          { label: 'PNG', file: `${stem}.png`, get: () => download(config, 'png', query) },
          { label: 'SVG', file: `${stem}.svg`, get: () => download(config, 'svg', query) },
          { label: 'Vega-Lite', file: `${stem}.vl.json`, get: () => download(config, 'vegalite', query) },
          { label: 'npz', file: `${stem}.npz`, get: () => download(config, 'npz', null) },
          { label: 'JSON', file: `${stem}.json`, get: () => download(config, 'json', null) },
        ]}
      />
    </section>
  )
}

/** A configuration in a few words. */
export function summary(config: Config): string {
  const heads = config.kind === 'causal' ? '' : `, ${config.num_heads} heads`
  return `${config.kind}${heads}, d_out ${config.d_out}, bias ${config.qkv_bias === 'true' ? 'on' : 'off'}, seed ${config.seed}`
}

/** About how high the picture will be, so that nothing below it jumps when it comes. */
function expectedHeight(config: Config, view: View, room: number): number {
  const heads =
    view.head !== ''
      ? view.head.split(',').length
      : config.kind === 'causal'
        ? 1
        : Math.max(1, Math.min(96, Number(config.num_heads) || 1))
  const length = Math.max(1, Math.min(512, Number(seqLenOf(config)) || 1))
  if (view.figure === 'statistics')
    return Math.ceil(7 / Math.max(1, Math.min(4, Math.floor((room - 60) / 202)))) * (Math.max(2, heads) * 22 + 70)
  if (view.figure === 'context') return length * cellStep(512, length) + 46
  if (view.figure === 'similarity') {
    const side = heads * cellStep(240, heads)
    const perRow = 3 * (side + 64) <= room ? 3 : Math.max(1, Math.floor(room / (side + 142)))
    return Math.ceil(3 / perRow) * (side + 70)
  }
  const { columns, size } = panelLayout(heads)
  const cells = Math.min(length, Math.floor(size / smallestCell))
  return heightOfMaps({ panels: heads, columns, cells, step: cellStep(size, cells) }, room)
}
