/**
 * `npm run bench [-- KEY ...] [--quick]`: the service as shipped beside the peer and the tuned peer, row by row in the
 * same run, and the memory of all its processes. Prints each line as it comes and writes results-<processor>.md when nothing was
 * left out or shortened: one file a processor.
 */
import { writeFileSync } from 'node:fs'
import { compare } from './harness/compare.ts'
import { assertEqual } from './harness/equal.ts'
import { Generator } from './harness/generator.ts'
import type { HttpRequest } from './harness/http-client.ts'
import { machine, processorSlug, ratesLine, weather } from './harness/machine.ts'
import { measureRates } from './harness/rates.ts'
import { spreadOf } from './harness/spread.ts'
import { treeBytes, watchPeak } from './harness/process-tree.ts'
import { startPeer, startService, type Server } from './harness/servers.ts'
import { httpSide, scriptSide, type Side } from './harness/sides.ts'
import { MULTI_HEAD, post, studySize } from './requests.ts'
import { memoryRows, rows, severalRequests, type MemoryRow, type Row } from './rows.ts'
import {
  comparisonHead,
  comparisonLine,
  failureLine,
  hopLines,
  memoryHead,
  memoryLine,
  severalLines,
  sidesExplained,
} from './table.ts'

const args = process.argv.slice(2)
const keys = args.filter((arg) => !arg.startsWith('--'))
const known = [...rows, ...memoryRows].map((row) => row.key).concat('hop', 'several')
const unknown = keys.filter((key) => !known.includes(key))
if (unknown.length > 0 || args.some((arg) => arg.startsWith('--') && !['--quick', '--peer-alone'].includes(arg))) {
  console.error(
    `rows: ${known.join(' ')}\noptions: --quick (fewer, shorter rounds), --peer-alone (the peer in the service's place, to try the harness)`,
  )
  process.exit(1)
}
const [rounds, seconds] = args.includes('--quick') ? [2, 1] : [5, 2]
const ours = args.includes('--peer-alone') ? () => startPeer() : startService
const wanted = (key: string): boolean => keys.length === 0 || keys.includes(key)

const lines: string[] = []
function say(...more: string[]): void {
  lines.push(...more)
  console.log(more.join('\n'))
}

/**
 * What the service is compared with: the book's class, or a script, and the tuned peer, if there is one for the row.
 */
function otherSides(row: Row, peer: Server, generator: Generator): Side[] {
  const http = (name: string, request: HttpRequest): Side => httpSide(name, peer, generator, row.connections, request)
  const first =
    'script' in row.peer ? scriptSide('NumPy', row.peer.script, row.peer.args) : http("the book's class", row.peer)
  return row.tuned === undefined ? [first] : [first, http('the tuned peer', row.tuned)]
}

async function compareRow(row: Row, service: Server, peer: Server, generator: Generator): Promise<void> {
  const side = httpSide('service', service, generator, row.connections, row.ours)
  const others = otherSides(row, peer, generator)
  try {
    const numbers = await side.numbers()
    for (const other of others) assertEqual(numbers, await other.numbers(), other.name, row.equal)
    say(comparisonLine(row, await compare(side, others, row.connections > 1, rounds, seconds), rates))
  } finally {
    for (const each of [side, ...others]) each.close()
  }
}

/** What the gateway costs: the same requests to one process and to the service as shipped. */
async function compareHop(generator: Generator): Promise<void> {
  const servers = [await startService({ WORKERS: '0' }), await startService()] as const
  const sides = servers.map((server) => httpSide(server.name, server, generator, 16, post(MULTI_HEAD, studySize))) as [
    Side,
    Side,
  ]
  const { ours: one, others } = await compare(sides[0], [sides[1]], true, rounds, seconds)
  say(...hopLines({ one, shipped: others[0]!.spread }))
  for (const server of servers) await server.stop()
}

/** Four clients at once with forms of different weight, one side after the other in each round. */
async function compareSeveral(generator: Generator): Promise<void> {
  const servers = [
    await ours(),
    ...(args.includes('--peer-alone') ? [] : [await startService({ WORKERS: '2' })]),
    await startPeer(),
  ]
  const names = ['service', 'service, WORKERS=2', "the book's class"]
  const reports = servers.map(() => [] as { rate: number; middle: number; slowest: number }[])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, server] of servers.entries()) {
      const order = { port: server.port, requests: severalRequests, connections: 4, seconds: 2 * seconds, least: 8 }
      const { latencies, seconds: taken } = await generator.run(order)
      const sorted = latencies.toSorted((a, b) => a - b)
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
      if (round > 0) reports[i]!.push({ rate: latencies.length / taken, middle: at(0.5), slowest: at(0.99) })
    }
  }
  const spread = (i: number, name: 'rate' | 'middle' | 'slowest') => spreadOf(reports[i]!.map((report) => report[name]))
  const figures = servers.map((_, i) => ({
    name: names[i]!,
    rate: spread(i, 'rate'),
    middle: spread(i, 'middle'),
    slowest: spread(i, 'slowest'),
  }))
  say(...severalLines(figures))
  for (const server of servers) await server.stop()
}

/** A fresh service answers one request twice: what all its processes hold at most. */
async function measureMemory(row: MemoryRow, generator: Generator): Promise<void> {
  const server = await ours()
  const idle = treeBytes(server.pid)
  const peak = watchPeak(server.pid)
  await generator.run({ port: server.port, requests: [row.request], connections: 1, seconds: 0, least: 2 })
  say(memoryLine({ row, idle, peak: peak.stop() }))
  await server.stop()
}

const rates = await measureRates()
const generator = new Generator()
say(
  '# Benchmark',
  '',
  `${machine()}.`,
  weather(),
  ratesLine(rates),
  '',
  `Median of ${rounds} rounds (least-greatest), all three in turn; all answered the same numbers first. d_in = d_out = 768, 12 heads, B 1, unless said.`,
  '',
  ...sidesExplained,
  '',
)

const compared = rows.filter((row) => wanted(row.key))
if (compared.length > 0) {
  say(...comparisonHead)
  const [service, peer] = [await ours(), await startPeer()]
  for (const row of compared) {
    await compareRow(row, service, peer, generator).catch((error: Error) => say(failureLine(row, error)))
  }
  await service.stop()
  await peer.stop()
  say('')
}
if (wanted('hop') && !args.includes('--peer-alone')) {
  say('## What the gateway costs', '', 'Study size, 16 connections.', '')
  await compareHop(generator)
  say('')
}
if (wanted('several')) {
  say(
    '## Several at once',
    '',
    'Four clients, T 512: summary as JSON, weights as npz, everything as JSON, in turn.',
    '',
  )
  await compareSeveral(generator)
  say('')
}
const remembered = memoryRows.filter((row) => wanted(row.key))
if (remembered.length > 0) {
  say(
    '## Memory',
    '',
    'Resident memory of all processes together, npm included, of a fresh service that answers the request twice; shared pages count in each.',
    '',
    ...memoryHead,
  )
  for (const row of remembered) await measureMemory(row, generator)
}
generator.close()
if (args.length === 0)
  writeFileSync(new URL(`./results-${processorSlug()}.md`, import.meta.url), `${lines.join('\n').trimEnd()}\n`)
