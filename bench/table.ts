import type { Comparison, Other } from './harness/compare.ts'
import { floorMilliseconds } from './floor.ts'
import type { Rates } from './harness/rates.ts'
import type { Spread } from './harness/spread.ts'
import type { MemoryRow, Row } from './rows.ts'

export interface MemoryFigure {
  readonly row: MemoryRow
  readonly idle: number
  readonly peak: number
}
export interface HopFigure {
  readonly one: Spread
  readonly shipped: Spread
}

/** Three digits, thousands apart. */
function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}

const within = (spread: Spread, unit: string): string =>
  `${figure(spread.median)}${unit} (${figure(spread.min)}-${figure(spread.max)})`

/** What the columns beside the service's are, for the reader of the table. */
export const sidesExplained = [
  "The book's class: MultiHeadAttention as chapter 3 of *LLMs from Scratch* writes it, built anew from each request's",
  'configuration and seed, behind FastAPI, uvloop and orjson with torch on every core; the figures to reach refer to it.',
  'Tuned by us: the same server with parameters and mask kept between requests, one joined projection and work in place; at',
  'study size on one thread, and in row blocks, never holding the weights, where only the summary is wanted.',
  'Where the seed stays the same the service, too, keeps the parameters and a large input of the request before.',
  "The floor: the work's products, drawn numbers, text and bytes at this machine's own rates, on every core; softmax,",
  'statistics, HTTP and the client are left out of it, so nothing reaches it.',
]

export interface SeveralFigure {
  readonly name: string
  readonly rate: Spread
  readonly middle: Spread
  readonly slowest: Spread
}

/** Throughput and latencies of several clients at once. */
export function severalLines(figures: readonly SeveralFigure[]): string[] {
  return [
    '| | requests a second | median | p99 |',
    '|---|---|---|---|',
    ...figures.map(({ name, rate, middle, slowest }) =>
      cells(name, within(rate, ''), within(middle, ' ms'), within(slowest, ' ms')),
    ),
  ]
}

export const comparisonHead = [
  "| work | service | floor | times the floor | to reach | the book's class | times ahead | to reach | tuned by us | times ahead |",
  '|---|---|---|---|---|---|---|---|---|---|',
]

export function comparisonLine(row: Row, { ours, others }: Comparison, rates: Rates): string {
  const unit = row.connections > 1 ? ' req/s' : ' ms'
  const floor = row.needs === undefined ? undefined : floorMilliseconds(row.needs, rates)
  const other = (each: Other | undefined): string[] =>
    each === undefined
      ? ['', '']
      : [
          within(each.spread, unit),
          `**${figure(each.ahead.median)}** (${figure(each.ahead.min)}-${figure(each.ahead.max)})`,
        ]
  return cells(
    row.title,
    within(ours, unit),
    ...(floor === undefined
      ? ['', '', '']
      : [`${figure(floor)} ms`, `**${figure(ours.median / floor)}**`, row.floorGoal ?? '']),
    ...other(others[0]),
    row.goal,
    ...other(others[1]),
  )
}

export function failureLine(row: Row, error: Error): string {
  return cells(row.title, error.message.replaceAll('\n', ' '), '', '', '', '', '', row.goal, '', '')
}

const cells = (...columns: readonly (string | number)[]): string => `| ${columns.join(' | ')} |`

export const memoryHead = ['| work | idle | peak | limit |', '|---|---|---|---|']

const megabytes = (bytes: number): string => `${figure(bytes / 2 ** 20)} MB`

export function memoryLine({ row, idle, peak }: MemoryFigure): string {
  return `| ${row.title} | ${megabytes(idle)} | ${megabytes(peak)} | ${row.limitMegabytes} MB |`
}

export function hopLines({ one, shipped }: HopFigure): string[] {
  return [
    '| one process (WORKERS=0) | gateway and worker | share kept |',
    '|---|---|---|',
    `| ${within(one, ' req/s')} | ${within(shipped, ' req/s')} | ${figure((100 * shipped.median) / one.median)} % |`,
  ]
}
