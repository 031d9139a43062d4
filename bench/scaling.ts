/**
 * `npm run bench:scaling [-- --quick]`: time and peak memory of one request as T and the number of heads grow, without
 * weights and with them. Each point has a fresh service. Writes scaling.md and scaling.svg; --quick takes fewer answers
 * and writes nothing.
 */
import { writeFileSync } from 'node:fs'
import { Generator } from './harness/generator.ts'
import { machine, weather } from './harness/machine.ts'
import { treeBytes, watchPeak } from './harness/process-tree.ts'
import { startService } from './harness/servers.ts'
import { median } from './harness/spread.ts'
import { MULTI_HEAD, post, wide } from './requests.ts'
import { quantityOf, scalingFigure, sizeOf, type Along, type Answer, type Point } from './scaling-figure.ts'

const LENGTHS = [128, 256, 512, 1024, 2048, 4096]
const HEADS = [1, 2, 4, 8, 16, 32]
const quick = process.argv.includes('--quick')
/** Of one point: answers one after the other for so many seconds, and at least so many. */
const [SECONDS, ANSWERS] = quick ? [0, 2] : [2, 5]

async function measure(answer: Answer, along: Along, size: number, generator: Generator): Promise<Point> {
  const [seqLen, heads] = along === 'T' ? [size, 12] : [1024, size]
  const server = await startService()
  const idle = treeBytes(server.pid)
  const peak = watchPeak(server.pid)
  const request = post(MULTI_HEAD, wide(seqLen, [answer], { heads }))
  try {
    const { latencies, bytes } = await generator.run({
      port: server.port,
      requests: [request],
      connections: 1,
      seconds: SECONDS,
      least: ANSWERS,
    })
    return {
      answer,
      along,
      seqLen,
      heads,
      milliseconds: median(latencies),
      bytes,
      idle,
      peak: peak.stop(),
      refused: false,
    }
  } catch (error) {
    if (!(error as Error).message.includes('413')) throw error
    return { answer, along, seqLen, heads, milliseconds: NaN, bytes: 0, idle, peak: peak.stop(), refused: true }
  } finally {
    await server.stop()
  }
}

const bytesText = (bytes: number): string =>
  bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} kB` : `${Math.round(bytes / 2 ** 20)} MB`

function line(point: Point): string {
  const time = point.refused ? '413' : `${Number(point.milliseconds.toPrecision(3))} ms`
  return `| ${point.seqLen} | ${point.heads} | ${point.answer} | ${time} | ${bytesText(point.bytes)} | ${bytesText(point.peak)} | ${bytesText(point.peak - point.idle)} |`
}

/**
 * Exponents of growth between the size a quarter of the greatest that was answered, and that one: ln of the quotient
 * over ln 4.
 */
function slopeLine(answer: Answer, along: Along, points: readonly Point[]): string {
  const last = points.findLast((point) => point.answer === answer && point.along === along && !point.refused)!
  const before = points.find(
    (point) => point.answer === answer && point.along === along && sizeOf(point) === sizeOf(last) / 4,
  )!
  const power = (quantity: 'time' | 'memory'): string =>
    `${along}^${(Math.log(quantityOf(last, quantity) / quantityOf(before, quantity)) / Math.log(4)).toFixed(2)}`
  return `| ${answer} | ${along} ${sizeOf(before)} to ${sizeOf(last)} | ${power('time')} | ${power('memory')} |`
}

const lines: string[] = []
function say(...more: string[]): void {
  lines.push(...more)
  console.log(more.join('\n'))
}

const generator = new Generator()
const points: Point[] = []
const ourMachine = machine().split('; peer')[0]!
const runs = (['summary', 'weights'] as const).flatMap((answer) =>
  (
    [
      ['T', LENGTHS],
      ['heads', HEADS],
    ] as const
  ).map(([along, sizes]) => ({ answer, along, sizes })),
)
say(
  '# How the cost grows',
  '',
  `${ourMachine}. ${weather()}`,
  '',
  'Multi-head, B 1, d_in = d_out = 768, the service as shipped; weights as JSON. Time: median of the answers to one client, one after the',
  `other for ${SECONDS} s, at least ${ANSWERS}. Memory: resident, all processes of a fresh service together, npm included. 413: more than the default`,
  'limits admit.',
  '',
  "| T | heads | answer | time | answer's size | peak memory | above idle |",
  '|---|---|---|---|---|---|---|',
)
for (const { answer, along, sizes } of runs) {
  for (const size of sizes) {
    points.push(await measure(answer, along, size, generator))
    say(line(points.at(-1)!))
  }
}
generator.close()
say(
  '',
  'Growth over the greatest sizes, the last one against a quarter of it. The projections grow with T, the scores and the text of weights',
  'with T². The weights at T 4096 are 768 MB as float32: an answer that stays below never holds them all.',
  '',
  '| answer | from, to | time grows as | memory above idle grows as |',
  '|---|---|---|---|',
  ...runs.map(({ answer, along }) => slopeLine(answer, along, points)),
)
if (!quick) {
  writeFileSync(
    new URL('./scaling.md', import.meta.url),
    `${lines.join('\n')}\n\n![time and memory over T and heads](scaling.svg)\n`,
  )
  writeFileSync(new URL('./scaling.svg', import.meta.url), await scalingFigure(points, ourMachine))
}
