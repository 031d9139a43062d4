/**
 * `npm run bench [-- KEY ...] [--quick]`: the service as shipped beside the peer, row by row in the same run, and the
 * memory of all its processes. Prints each line as it comes and writes results.md when nothing was left out.
 */
import { writeFileSync } from 'node:fs'
import { compare } from './harness/compare.ts'
import { assertEqual } from './harness/equal.ts'
import { Generator } from './harness/generator.ts'
import { machine, weather } from './harness/machine.ts'
import { treeBytes, watchPeak } from './harness/process-tree.ts'
import { startPeer, startService, type Server } from './harness/servers.ts'
import { httpSide, scriptSide, type Side } from './harness/sides.ts'
import { MULTI_HEAD, post, studySize } from './requests.ts'
import { memoryRows, rows, type MemoryRow, type Row } from './rows.ts'
import { comparisonHead, comparisonLine, hopLines, memoryHead, memoryLine } from './table.ts'

const args = process.argv.slice(2)
const keys = args.filter((arg) => !arg.startsWith('--'))
const known = [...rows, ...memoryRows].map((row) => row.key).concat('hop')
const unknown = keys.filter((key) => !known.includes(key))
if (unknown.length > 0 || args.some((arg) => arg.startsWith('--') && !['--quick', '--peer-alone'].includes(arg))) {
  console.error(`rows: ${known.join(' ')}\noptions: --quick (fewer, shorter rounds), --peer-alone (the peer on both sides, to try the harness)`)
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

function peerSide(row: Row, peer: Server, generator: Generator): Side {
  return 'script' in row.peer ? scriptSide('NumPy', row.peer.script, row.peer.args) : httpSide('peer', peer, generator, row.connections, row.peer)
}

async function compareRow(row: Row, service: Server, peer: Server, generator: Generator): Promise<void> {
  const sides = [httpSide('service', service, generator, row.connections, row.ours), peerSide(row, peer, generator)] as const
  try {
    assertEqual(await sides[0].numbers(), await sides[1].numbers(), row.equal)
    say(comparisonLine(row, await compare(...sides, row.connections > 1, rounds, seconds)))
  } finally {
    for (const side of sides) side.close()
  }
}

/** What the gateway costs: the same requests to one process and to the service as shipped. */
async function compareHop(generator: Generator): Promise<void> {
  const servers = [await startService({ WORKERS: '0' }), await startService()] as const
  const sides = servers.map((server) => httpSide(server.name, server, generator, 16, post(MULTI_HEAD, studySize))) as [Side, Side]
  const { ours: one, peer: shipped } = await compare(...sides, true, rounds, seconds)
  say(...hopLines({ one, shipped }))
  for (const server of servers) await server.stop()
}

/** A fresh service answers one request twice: what all its processes hold at most. */
async function measureMemory(row: MemoryRow, generator: Generator): Promise<void> {
  const server = await ours()
  const idle = treeBytes(server.pid)
  const peak = watchPeak(server.pid)
  await generator.run({ port: server.port, request: row.request, connections: 1, seconds: 0, least: 2 })
  say(memoryLine({ row, idle, peak: peak.stop() }))
  await server.stop()
}

const generator = new Generator()
say('# Benchmark', '', `${machine()}.`, weather(), '',
  `Median of ${rounds} rounds (least-greatest), the two in turn; both answered the same numbers first. d_in = d_out = 768, 12 heads, B 1, unless said.`, '')

const compared = rows.filter((row) => wanted(row.key))
if (compared.length > 0) {
  say(...comparisonHead)
  const [service, peer] = [await ours(), await startPeer()]
  for (const row of compared) {
    await compareRow(row, service, peer, generator).catch((error: Error) => say(`| ${row.title} | ${error.message.replaceAll('\n', ' ')} | | | ${row.goal?.join(' | ') ?? ' | '} |`))
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
const remembered = memoryRows.filter((row) => wanted(row.key))
if (remembered.length > 0) {
  say('## Memory', '', 'Resident memory of all processes together, npm included, of a fresh service that answers the request twice; shared pages count in each.', '', ...memoryHead)
  for (const row of remembered) await measureMemory(row, generator)
}
generator.close()
if (keys.length === 0 && !args.includes('--peer-alone')) writeFileSync(new URL('./results.md', import.meta.url), `${lines.join('\n').trimEnd()}\n`)
