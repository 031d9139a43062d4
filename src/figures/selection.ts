import type { Presentation, Range } from '../attention/presentation.ts'
import type { ReturnName } from '../attention/request.ts'
import { invalid, ServiceError } from '../errors.ts'
import type { ProblemSize } from '../problem/size.ts'
import { rowIndex } from '../problem/visibility.ts'
import type { Visibility } from '../problem/visibility.ts'

export const figureNames = ['weights', 'context', 'scores', 'statistics', 'similarity'] as const
export type FigureName = (typeof figureNames)[number]

/** What a client asked to see; null where it said nothing. */
export interface FigureSelection {
  readonly figure: FigureName
  readonly heads: readonly number[] | null
  readonly item: number | null
  readonly rows: Range | null
  readonly keys: Range | null
}

/**
 * Query parameters as they come: text, a number where a schema has already read one, or for heads a list of either.
 */
export interface PlainSelection {
  readonly figure?: unknown
  readonly head?: unknown
  readonly item?: unknown
  readonly rows?: unknown
  readonly keys?: unknown
}

/** The selection with every choice made, known to lie within the result. */
export interface ResolvedSelection {
  readonly figure: FigureName
  readonly heads: readonly number[]
  /** Null is the average over the batch (statistics only). */
  readonly item: number | null
  readonly rows: Range
  readonly keys: Range
}

/** What a figure is to be drawn of, which is known before anything is computed. */
export interface Drawable {
  readonly size: ProblemSize
  readonly visibility: Visibility
}

/** The parts of a result that a figure draws; ask the computation for these. */
export function figureNeeds(figure: FigureName): readonly ReturnName[] {
  return figure === 'statistics' ? ['summary'] : [figure]
}

/** Which parameters mean something to a figure; the others are refused rather than left without effect. */
const selects: Readonly<Record<FigureName, readonly ('head' | 'item' | 'rows' | 'keys')[]>> = {
  weights: ['head', 'item', 'rows', 'keys'],
  scores: ['head', 'item', 'rows', 'keys'],
  context: ['item', 'rows'],
  statistics: ['head', 'item'],
  similarity: ['head', 'item'],
}

/** More heads than this are not legible beside each other in one picture. */
export const headLimit = 96

/** Reads `figure`, `head=0,2`, `item=1`, `rows=0-31`, `keys=0-31`. Throws `invalid-request`, naming the parameter. */
export function parseFigureSelection(plain: PlainSelection): FigureSelection {
  const figure = plain.figure ?? 'weights'
  if (!isFigureName(figure)) throw invalid('/figure', `must be one of ${figureNames.join(', ')}`)
  for (const name of ['head', 'item', 'rows', 'keys'] as const) {
    if (plain[name] !== undefined && !selects[figure].includes(name)) {
      throw invalid(`/${name}`, `selects nothing in the figure ${figure}; it takes ${selects[figure].join(', ')}`)
    }
  }
  return {
    figure,
    heads: plain.head === undefined ? null : parseHeads(plain.head),
    item:
      plain.item === undefined ? null : parseIndex('/item', plain.item, 'must be the index of a batch item, such as 1'),
    rows: plain.rows === undefined ? null : parseRange('/rows', plain.rows),
    keys: plain.keys === undefined ? null : parseRange('/keys', plain.keys),
  }
}

function isFigureName(value: unknown): value is FigureName {
  return (figureNames as readonly unknown[]).includes(value)
}

function parseIndex(path: string, value: unknown, message: string): number {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^\d{1,9}$/.test(text)) throw invalid(path, message)
  return Number(text)
}

function parseHeads(value: unknown): number[] {
  const message = 'must be heads by their index, such as 0,2'
  const parts: readonly unknown[] = Array.isArray(value) ? value : String(value).split(',')
  if (parts.length === 0) throw invalid('/head', message)
  const heads = parts.map((part) => parseIndex('/head', part, message))
  if (new Set(heads).size !== heads.length) throw invalid('/head', 'names a head twice')
  return heads
}

/** `0-31`: first and last position. */
export function parseRange(path: string, value: unknown): Range {
  const match = typeof value === 'string' ? /^(\d{1,9})-(\d{1,9})$/.exec(value) : null
  if (match === null) throw invalid(path, 'must be the first and the last position, such as 0-31')
  const range: Range = [Number(match[1]), Number(match[2])]
  if (range[0] > range[1]) throw invalid(path, 'ends before it begins')
  return range
}

/**
 * Fills in what was not said (heads and rows from how the answer is to be presented, item 0) and holds all of it
 * against the problem's size. Throws `invalid-request` or `figure-too-large`; cheap, so that it can be called before
 * anything is computed.
 */
export function resolveSelection(
  selection: FigureSelection,
  of: Drawable,
  presentation: Pick<Presentation, 'heads' | 'rows'>,
): ResolvedSelection {
  const { size } = of
  const { figure } = selection
  const heads = selection.heads ?? presentation.heads ?? Array.from({ length: size.heads }, (_, head) => head)
  for (const head of heads)
    if (head >= size.heads)
      throw invalid('/head', `there is no head ${head}; the model has the heads ${span(size.heads)}`)
  if (selection.item !== null && selection.item >= size.batch)
    throw invalid('/item', `there is no item ${selection.item}; the batch has the items ${span(size.batch)}`)
  const item = selection.item ?? (figure === 'statistics' ? null : 0)
  const windowed = selects[figure].includes('rows')
  const window = chooseWindow(
    selection.rows ?? (windowed ? presentation.rows : null),
    selection.keys,
    of,
    item ?? 0,
    heads,
  )
  if (figure === 'similarity' && heads.length < 2) {
    throw size.heads < 2
      ? invalid('/figure', 'similarity compares heads; the model has one')
      : invalid('/head', 'similarity compares heads; name at least two')
  }
  if (figure !== 'context' && heads.length > headLimit) {
    throw new ServiceError(
      'figure-too-large',
      `A picture of ${heads.length} heads is not legible; select up to ${headLimit} with head=0,1,...`,
      {
        extra: { heads: heads.length, limit_heads: headLimit },
      },
    )
  }
  return { figure, heads, item, ...window }
}

/** Rows and keys to draw: where one is not chosen, the part that the other can see, or all where neither is. */
function chooseWindow(
  chosenRows: Range | null,
  chosenKeys: Range | null,
  { size, visibility }: Drawable,
  item: number,
  heads: readonly number[],
): { rows: Range; keys: Range } {
  const [allRows, allKeys] = [[0, size.queries - 1] as const, [0, size.keys - 1] as const]
  checkRange('/rows', chosenRows, size.queries)
  checkRange('/keys', chosenKeys, size.keys)
  if (chosenRows === null && chosenKeys === null) return { rows: allRows, keys: allKeys }
  const seen = seenWithin(visibility, item, heads, chosenRows ?? allRows, chosenKeys ?? allKeys)
  if (seen === null) {
    const [rows, keys] = [chosenRows ?? allRows, chosenKeys ?? allKeys]
    const which = visibility.kind === 'causal' ? `a key from ${keys[0]} on` : `any of the keys ${keys[0]}-${keys[1]}`
    throw invalid('/keys', `no query of the rows ${rows[0]}-${rows[1]} sees ${which}`)
  }
  return {
    rows: chosenRows ?? seen.rows,
    keys: chosenKeys ?? seen.keys,
  }
}

function checkRange(path: string, range: Range | null, length: number): void {
  if (range !== null && range[1] >= length)
    throw invalid(path, `${range[0]}-${range[1]} is not within the positions ${span(length)}`)
}

/** First and last row that sees any of the keys, first and last of those keys; null where no row does. */
function seenWithin(
  visibility: Visibility,
  item: number,
  heads: readonly number[],
  rows: Range,
  keys: Range,
): { rows: Range; keys: Range } | null {
  let [firstRow, lastRow, firstKey, lastKey] = [Infinity, -1, Infinity, -1]
  for (const head of visibility.headStride === 0 ? heads.slice(0, 1) : heads) {
    for (let query = rows[0]; query <= rows[1]; query++) {
      const row = rowIndex(visibility, item, head, query)
      const first = Math.max(keys[0], visibility.first[row]!)
      const last = Math.min(keys[1], visibility.end[row]! - 1)
      if (first > last) continue
      firstRow = Math.min(firstRow, query)
      lastRow = Math.max(lastRow, query)
      firstKey = Math.min(firstKey, first)
      lastKey = Math.max(lastKey, last)
    }
  }
  return lastRow < 0 ? null : { rows: [firstRow, lastRow], keys: [firstKey, lastKey] }
}

function span(count: number): string {
  return count === 1 ? '0 only' : `0 to ${count - 1}`
}
