/**
 * `npm run bench:scaling`: time and peak memory of one request as T and the number of heads grow, without weights and with
 * them. Each point has a fresh service. Writes scaling.md and scaling.svg.
 */
import { writeFileSync } from 'node:fs'
import { Generator } from './harness/generator.ts'
import { machine, weather } from './harness/machine.ts'
import { treeBytes, watchPeak } from './harness/process-tree.ts'
import { startService } from './harness/servers.ts'
import { median } from './harness/spread.ts'
import { MULTI_HEAD, post, wide } from './requests.ts'
import { scalingFigure, type Point } from './scaling-figure.ts'

const LENGTHS = [128, 256, 512, 1024, 2048, 4096]
const HEADS = [1, 2, 4, 8, 16, 32]
const ANSWERS = 5

async function measure(answer: 'summary' | 'weights', along: 'T' | 'heads', seqLen: number, heads: number, generator: Generator): Promise<Point> {
  const server = await startService()
  const idle = treeBytes(server.pid)
  const peak = watchPeak(server.pid)
  const request = post(MULTI_HEAD, wide(seqLen, [answer], { heads }))
  try {
    const { latencies, bytes } = await generator.run({ port: server.port, request, connections: 1, seconds: 0, least: ANSWERS })
    return { answer, along, seqLen, heads, milliseconds: median(latencies), bytes, idle, peak: peak.stop(), refused: false }
  } catch (error) {
    if (!(error as Error).message.includes('413')) throw error
    return { answer, along, seqLen, heads, milliseconds: NaN, bytes: 0, idle, peak: peak.stop(), refused: true }
  } finally {
    await server.stop()
  }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`

function line(point: Point): string {
  const time = point.refused ? '413' : `${Number(point.milliseconds.toPrecision(3))} ms`
  return `| ${point.seqLen} | ${point.heads} | ${point.answer} | ${time} | ${megabytes(point.bytes)} | ${megabytes(point.peak)} | ${megabytes(point.peak - point.idle)} |`
}

const lines: string[] = []
function say(...more: string[]): void {
  lines.push(...more)
  console.log(more.join('\n'))
}

const generator = new Generator()
const points: Point[] = []
say('# How the cost grows', '', `${machine().split('; peer')[0]}.`, weather(), '',
  `Multi-head, B 1, d_in = d_out = 768, weights as JSON. Time: median of ${ANSWERS} answers one after the other. Memory: all processes`,
  'of a fresh service together, npm included. 413: more than the default limits admit.', '',
  '| T | heads | answer | time | answer\'s size | peak memory | above idle |', '|---|---|---|---|---|---|---|')
for (const answer of ['summary', 'weights'] as const) {
  for (const [along, sizes] of [['T', LENGTHS.map((seqLen) => [seqLen, 12])], ['heads', HEADS.map((heads) => [1024, heads])]] as const) {
    for (const [seqLen, heads] of sizes) {
      const point = await measure(answer, along, seqLen!, heads!, generator)
      points.push(point)
      say(line(point))
    }
  }
}
generator.close()
writeFileSync(new URL('./scaling.md', import.meta.url), `${lines.join('\n')}\n\n![time and memory over T and heads](scaling.svg)\n`)
writeFileSync(new URL('./scaling.svg', import.meta.url), await scalingFigure(points))
