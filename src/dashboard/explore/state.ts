import { defaultConfig } from './config.ts'
import type { Config } from './config.ts'

export const figures = [
  { id: 'weights', name: 'Weights' },
  { id: 'scores', name: 'Scores' },
  { id: 'context', name: 'Context' },
  { id: 'statistics', name: 'Statistics' },
  { id: 'similarity', name: 'Similarity' },
] as const
export type FigureName = (typeof figures)[number]['id']

/** What of the result is shown; text as it is typed. */
export interface View {
  readonly figure: FigureName
  readonly head: string
  readonly item: string
  readonly rows: string
  readonly keys: string
  /** The cell that is explained: side, head, query, key. */
  readonly cell: Cell | null
}

export type Side = 'a' | 'b'
export interface Cell {
  readonly side: Side
  readonly head: number
  readonly query: number
  readonly key: number
}

export interface ExploreState {
  readonly a: Config
  /** The configuration beside it, if two are compared. */
  readonly b: Config | null
  readonly view: View
}

export const defaultView: View = { figure: 'weights', head: '', item: '', rows: '', keys: '', cell: null }
const viewFields = ['head', 'item', 'rows', 'keys'] as const
const configFields = Object.keys(defaultConfig) as (keyof Config)[]

/** The state as an address: what differs from the defaults, and of B what differs from A. */
export function toParams({ a, b, view }: ExploreState): URLSearchParams {
  const params = new URLSearchParams()
  for (const field of configFields) if (a[field] !== defaultConfig[field]) params.set(field, a[field])
  if (b !== null) {
    params.set('compare', 'true')
    for (const field of configFields) if (b[field] !== a[field]) params.set(`b.${field}`, b[field])
  }
  if (view.figure !== defaultView.figure) params.set('figure', view.figure)
  for (const field of viewFields) if (view[field] !== defaultView[field]) params.set(field, view[field])
  if (view.cell !== null) params.set('cell', [view.cell.side, view.cell.head, view.cell.query, view.cell.key].join(','))
  return params
}

export function fromParams(params: URLSearchParams): ExploreState {
  const a = readConfig(params, '', defaultConfig)
  return {
    a,
    b: params.get('compare') === 'true' ? readConfig(params, 'b.', a) : null,
    view: {
      figure: figures.find(({ id }) => id === params.get('figure'))?.id ?? defaultView.figure,
      head: params.get('head') ?? defaultView.head,
      item: params.get('item') ?? defaultView.item,
      rows: params.get('rows') ?? defaultView.rows,
      keys: params.get('keys') ?? defaultView.keys,
      cell: readCell(params.get('cell')),
    },
  }
}

function readConfig(params: URLSearchParams, prefix: string, fallback: Config): Config {
  const config = Object.fromEntries(
    configFields.map((field) => [field, params.get(`${prefix}${field}`) ?? fallback[field]]),
  ) as unknown as Config
  const known = ['causal', 'multi-head-wrapper', 'multi-head'].includes(config.kind)
  return known ? config : { ...config, kind: fallback.kind }
}

function readCell(text: string | null): Cell | null {
  const match = /^(a|b),(\d+),(\d+),(\d+)$/.exec(text ?? '')
  return match === null
    ? null
    : { side: match[1] as Side, head: Number(match[2]), query: Number(match[3]), key: Number(match[4]) }
}

/** Which of the view's choices a figure takes. */
export const figureTakes: Readonly<Record<FigureName, readonly (typeof viewFields)[number][]>> = {
  weights: ['head', 'item', 'rows', 'keys'],
  scores: ['head', 'item', 'rows', 'keys'],
  context: ['item', 'rows'],
  statistics: ['head', 'item'],
  similarity: ['head', 'item'],
}

/** The figure's query parameters: those that it takes and that are chosen. */
export function figureQuery(view: View): URLSearchParams {
  const params = new URLSearchParams({ figure: view.figure })
  for (const field of figureTakes[view.figure]) {
    const text = view[field].replaceAll(/\s+/g, '')
    if (text !== '') params.set(field, text)
  }
  return params
}
