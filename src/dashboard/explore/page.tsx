import type { JSX } from 'preact'
import { useMemo, useRef, useState } from 'preact/hooks'
import { differenceFigure, withSharedColours } from '../../figures/difference.ts'
import type { VegaLiteSpec } from '../../figures/spec.ts'
import { baseUrl } from '../api/client.ts'
import type { AttentionAnswer, EnginesAnswer } from '../api/client.ts'
import type { ApiProblem } from '../api/problem.ts'
import { Choice, SelectField, TextField } from '../parts/field.tsx'
import { Fold } from '../parts/fold.tsx'
import { SnippetPanel } from '../parts/snippet-panel.tsx'
import { asCurl, attentionAsPython } from '../parts/snippets.ts'
import { navigate } from '../state/route.ts'
import { useRequest } from '../state/request.ts'
import type { Requested } from '../state/request.ts'
import { Figure } from '../vega/figure.tsx'
import { attentionPath, computeSummary, figureSpec, linkOf } from './calls.ts'
import { fieldAt, requestBody, seqLenOf } from './config.ts'
import type { Config } from './config.ts'
import { Explain } from './explain.tsx'
import { ConfigForm } from './form.tsx'
import type { FieldErrors } from './form.tsx'
import { presets } from './presets.ts'
import { SidePanel } from './side.tsx'
import { figureQuery, figures, figureTakes, fromParams, toParams } from './state.ts'
import type { Cell, ExploreState, FigureName, Side, View } from './state.ts'
import { Facts, StatisticsTable } from './statistics-table.tsx'

/** What is typed is asked for after a pause of this many ms. */
const pause = 300
/** Positions above which a cell is worth zooming to. */
const zoomFrom = 48

interface SideState {
  readonly answer: Requested<AttentionAnswer>
  readonly figure: Requested<VegaLiteSpec>
  readonly errors: FieldErrors
  /** What is wrong with the configuration and belongs to no field. */
  readonly problem: ApiProblem | null
  readonly invalid: boolean
}

/** One configuration: its statistics first, which also tells whether it is valid, then its picture. */
function useSide(config: Config | null, view: View): SideState {
  const key = config === null ? null : JSON.stringify([config.kind, requestBody(config)])
  const answer = useRequest(key, (signal) => computeSummary(config!, signal), pause)
  const query = figureQuery(view)
  const valid = key !== null && answer.answers === key
  const figure = useRequest(
    valid ? `${key} ${query.toString()}` : null,
    (signal) => figureSpec(config!, query, signal),
    120,
  )
  const errors: Partial<Record<keyof Config, string>> = {}
  let elsewhere = false
  for (const { path, message } of answer.problem?.places ?? []) {
    const field = fieldAt(path)
    if (field === null) elsewhere = true
    else errors[field] ??= message
  }
  const invalid = answer.problem !== null
  const atFields = invalid && answer.problem.places.length > 0 && !elsewhere
  return { answer, figure, errors, problem: atFields ? null : answer.problem, invalid: atFields }
}

export function ExplorePage({
  params,
  engines,
}: {
  readonly params: URLSearchParams
  readonly engines: EnginesAnswer | undefined
}): JSX.Element {
  const state = fromParams(params)
  const { a, b, view } = state
  const [edited, setEdited] = useState<Side>('a')
  const asked = useRef(false)
  const editing: Side = b === null ? 'a' : edited
  const sideA = useSide(a, view),
    sideB = useSide(b, view)

  const go = (change: Partial<ExploreState>, replace = false): void =>
    navigate('explore', toParams({ ...state, ...change }), replace)
  const show = (change: Partial<View>, replace = false): void => go({ view: { ...view, ...change } }, replace)
  const edit = (change: Partial<Config>): void =>
    go({ [editing]: { ...state[editing]!, ...change }, view: { ...view, cell: null } }, true)
  const onCell = (side: Side) =>
    figureTakes[view.figure].includes('keys')
      ? (datum: Readonly<Record<string, unknown>>): void => {
          const { head, query, key } = datum
          if (typeof query !== 'number' || typeof key !== 'number') return
          asked.current = true
          show({ cell: { side, head: typeof head === 'number' ? head : 0, query, key } })
        }
      : null

  const specA = sideA.figure.data,
    specB = b === null ? undefined : sideB.figure.data
  const [drawnA, drawnB] = useMemo(
    () => (specA === undefined || specB === undefined ? [specA, specB] : withSharedColours([specA, specB])),
    [specA, specB],
  )
  const difference = useMemo(
    () =>
      specA === undefined || specB === undefined || !['weights', 'scores', 'context'].includes(view.figure)
        ? null
        : differenceFigure({ name: 'A', spec: specA }, { name: 'B', spec: specB }),
    [specA, specB, view.figure],
  )
  const differenceFailure = difference !== null && 'incomparable' in difference ? difference.incomparable : null
  const sides: readonly (readonly [Side, Config, SideState, VegaLiteSpec | undefined])[] =
    b === null
      ? [['a', a, sideA, drawnA]]
      : [
          ['a', a, sideA, drawnA],
          ['b', b, sideB, drawnB],
        ]
  const label = (side: Side): string | null => (b === null ? null : side.toUpperCase())
  const status = sides.some(([, , side]) => side.answer.loading || side.figure.loading)
    ? 'Computing…'
    : sides.some(([, , side]) => side.invalid)
      ? 'Some fields are not valid.'
      : ''

  return (
    <div class="explore">
      <aside class="sidebar" aria-label="Configuration">
        <PresetField
          state={state}
          onChoose={(preset) =>
            go({ a: preset.a, b: preset.b, view: { ...view, head: '', item: '', rows: '', keys: '', cell: null } })
          }
        />
        {b === null ? (
          <button
            type="button"
            class="button full"
            onClick={() => {
              setEdited('b')
              go({ b: { ...a, qkv_bias: a.qkv_bias === 'true' ? 'false' : 'true' } })
            }}
          >
            Compare with another
          </button>
        ) : (
          <div class="compare">
            <Choice<Side>
              label="Edit"
              options={[
                { value: 'a', name: 'A' },
                { value: 'b', name: 'B' },
              ]}
              value={editing}
              onChange={setEdited}
            />
            <button
              type="button"
              class="button"
              onClick={() => go({ b: null, view: { ...view, cell: view.cell?.side === 'b' ? null : view.cell } })}
            >
              Stop comparing
            </button>
          </div>
        )}
        <Fold label="Change the configuration" open={Object.keys((editing === 'a' ? sideA : sideB).errors).length > 0}>
          <ConfigForm
            key={editing}
            config={state[editing]!}
            errors={(editing === 'a' ? sideA : sideB).errors}
            engines={engines}
            onChange={edit}
          />
        </Fold>
      </aside>
      <div class="results">
        <div class="toolbar">
          <Choice<FigureName>
            label="Figure"
            hideLabel
            options={figures.map(({ id, name }) => ({ value: id, name }))}
            value={view.figure}
            onChange={(figure) => show({ figure })}
          />
          <p class="status quiet" role="status">
            {status}
          </p>
        </div>
        <ViewFields
          view={view}
          config={a}
          problem={sideA.figure.problem ?? sideB.figure.problem}
          onChange={(change) => show(change, true)}
        />
        <div class={b === null ? 'sides' : 'sides sides-two'}>
          {sides.map(([side, config, known, spec]) => (
            <SidePanel
              key={side}
              config={config}
              view={view}
              name={label(side)}
              spec={spec}
              figure={known.figure}
              problem={known.problem}
              outdated={known.invalid}
              onCell={onCell(side)}
            />
          ))}
        </div>
        {view.cell === null || (view.cell.side === 'b' && b === null) ? null : (
          <Explain
            key={view.cell.side}
            config={state[view.cell.side]!}
            cell={view.cell}
            item={Number(view.item) || 0}
            name={label(view.cell.side)}
            scroll={asked.current}
            onChange={(change) => show({ cell: { ...view.cell!, ...change } }, true)}
            onClose={() => show({ cell: null })}
            onZoom={
              Number(seqLenOf(state[view.cell.side]!)) > zoomFrom
                ? () => show(windowAround(view.cell!, Number(seqLenOf(a))))
                : null
            }
          />
        )}
        {difference === null ? null : (
          <section class="card" aria-label="Difference">
            <h2>Difference</h2>
            {differenceFailure === null ? (
              <Figure spec={'spec' in difference ? difference.spec : undefined} height={() => 300} />
            ) : (
              <p class="quiet">{differenceFailure}</p>
            )}
          </section>
        )}
        {figureTakes[view.figure].includes('keys') && view.cell === null ? (
          <ExplainStart
            onStart={(cell) => {
              asked.current = true
              show({ cell })
            }}
          />
        ) : null}
        {sides.map(([side, , known]) => (
          <div key={side} class={known.answer.loading || known.answer.problem !== null ? 'stale stack' : 'stack'}>
            <StatisticsTable answer={known.answer.data} name={label(side)} />
            <Facts answer={known.answer.data} name={label(side)} />
          </div>
        ))}
        <p class="caution">
          Untrained weights show initialisation, not learning, and attention is not explanation (Jain and Wallace 2019;
          Wiegreffe and Pinter 2019).
        </p>
        <Elsewhere config={state[editing]!} view={view} />
      </div>
    </div>
  )
}

/** The cell's surroundings, 32 positions on a side. */
function windowAround({ query, key }: Cell, seqLen: number): Pick<View, 'rows' | 'keys'> {
  const around = (at: number, last: number): string => {
    const first = Math.max(0, Math.min(at - 16, last - 31))
    return `${first}-${Math.min(last, first + 31)}`
  }
  return { rows: around(query, seqLen - 1), keys: around(Math.min(key, query), seqLen - 1) }
}

function PresetField({
  state,
  onChoose,
}: {
  readonly state: ExploreState
  readonly onChoose: (preset: (typeof presets)[number]) => void
}): JSX.Element {
  const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
  const current = presets.find(({ a, b }) => same(a, state.a) && same(b, state.b))
  return (
    <SelectField
      label="Start from"
      wide
      value={current?.id ?? ''}
      hint={current?.note ?? 'Your own configuration'}
      options={[
        ...(current === undefined ? [{ value: '', name: 'Custom' }] : []),
        ...presets.map(({ id, name }) => ({ value: id, name })),
      ]}
      onChange={(id) => {
        const preset = presets.find((one) => one.id === id)
        if (preset !== undefined) onChoose(preset)
      }}
    />
  )
}

function ViewFields({
  view,
  config,
  problem,
  onChange,
}: {
  readonly view: View
  readonly config: Config
  readonly problem: ApiProblem | null
  readonly onChange: (change: Partial<View>) => void
}): JSX.Element {
  const takes = figureTakes[view.figure]
  const place = (field: 'head' | 'item' | 'rows' | 'keys') => ({
    value: view[field],
    error: problem?.places.find(({ path }) => path === `/${field}`)?.message,
    onChange: (text: string) => onChange({ [field]: text }),
  })
  const last = Number(seqLenOf(config)) - 1
  const all = last > 0 ? `0-${last}` : 'all'
  return (
    <div class="view-fields" role="group" aria-label="What is shown">
      {takes.includes('head') ? <TextField label="Heads" numeric={false} placeholder="all" {...place('head')} /> : null}
      {takes.includes('item') ? (
        <TextField label="Batch item" placeholder={view.figure === 'statistics' ? 'average' : '0'} {...place('item')} />
      ) : null}
      {takes.includes('rows') ? (
        <TextField
          label={view.figure === 'context' ? 'Positions' : 'Query rows'}
          numeric={false}
          placeholder={all}
          {...place('rows')}
        />
      ) : null}
      {takes.includes('keys') ? <TextField label="Keys" numeric={false} placeholder={all} {...place('keys')} /> : null}
    </div>
  )
}

/** The way to a cell's explanation without a pointer. */
function ExplainStart({ onStart }: { readonly onStart: (cell: Cell) => void }): JSX.Element {
  return (
    <p class="hint-row">
      <span>Click a cell to see where its weight comes from.</span>
      <button type="button" class="button small" onClick={() => onStart({ side: 'a', head: 0, query: 1, key: 0 })}>
        Explain a cell
      </button>
    </p>
  )
}

function Elsewhere({ config, view }: { readonly config: Config; readonly view: View }): JSX.Element {
  const body = requestBody(config)
  const path = attentionPath(config, null)
  const image = linkOf(config, body, figureQuery(view), 'svg')
  return (
    <SnippetPanel
      snippets={[
        { id: 'curl', name: 'curl', text: asCurl(path, body, 'application/json') },
        { id: 'python', name: 'Python', text: attentionAsPython(path, body) },
        { id: 'page', name: 'link', text: location.href, note: 'This page as it is now.' },
        ...(image === null
          ? []
          : [
              {
                id: 'image',
                name: 'image link',
                text: baseUrl + image,
                note: 'For an <img>, a notebook or a report. Where keys are asked for, the client must send one as a header.',
              },
            ]),
      ]}
    />
  )
}
