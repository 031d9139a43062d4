import type { Comparison } from './harness/compare.ts'
import type { Spread } from './harness/spread.ts'
import type { MemoryRow, Row } from './rows.ts'

export interface MemoryFigure { readonly row: MemoryRow; readonly idle: number; readonly peak: number }
export interface HopFigure { readonly one: Spread; readonly shipped: Spread }

/** Three digits, thousands apart. */
function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}

const within = (spread: Spread, unit: string): string => `${figure(spread.median)}${unit} (${figure(spread.min)}-${figure(spread.max)})`

export const comparisonHead = [
  '| work | service | peer | times ahead | to reach | aim |',
  '|---|---|---|---|---|---|',
]

export function comparisonLine(row: Row, { ours, peer, ratio }: Comparison): string {
  const unit = row.connections > 1 ? ' req/s' : ' ms'
  return `| ${row.title} | ${within(ours, unit)} | ${within(peer, unit)} | **${figure(ratio.median)}** (${figure(ratio.min)}-${figure(ratio.max)}) | ${row.goal?.[0] ?? ''} | ${row.goal?.[1] ?? ''} |`
}

export const memoryHead = ['| work | idle | peak | limit |', '|---|---|---|---|']

const megabytes = (bytes: number): string => `${figure(bytes / 2 ** 20)} MB`

export function memoryLine({ row, idle, peak }: MemoryFigure): string {
  return `| ${row.title} | ${megabytes(idle)} | ${megabytes(peak)} | ${row.limitMegabytes} MB |`
}

export function hopLines({ one, shipped }: HopFigure): string[] {
  return [
    '| one process (WORKERS=0) | gateway and worker | share kept |', '|---|---|---|',
    `| ${within(one, ' req/s')} | ${within(shipped, ' req/s')} | ${figure(100 * shipped.median / one.median)} % |`,
  ]
}
