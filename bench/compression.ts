/**
 * node bench/compression.ts: what compressing answers wins or loses on a line of 1 Gbit/s, kind by kind and coding by
 * coding, with the codecs that the service uses. `of plain`: compressing and then sending what comes out, against
 * sending the answer as it is; below 1 it wins. The table of docs/performance.md.
 */
import { buffer } from 'node:stream/consumers'
import { compressStream, compressWhole, wholeBytes } from '../src/http/compression/compress.ts'
import { startService } from '../test/support/service.ts'

const lineBytesPerMs = 125_000
const measureMs = 1_000
const codings = ['zstd', 'br', 'gzip'] as const

const service = await startService()

async function answer(url: string, payload: object | undefined, accept: string): Promise<Buffer> {
  const { statusCode, rawPayload } = await service.app.inject({
    method: payload === undefined ? 'GET' : 'POST',
    url,
    ...(payload === undefined ? {} : { payload }),
    headers: { accept },
  })
  if (statusCode !== 200) throw new Error(`${url}: ${rawPayload.toString()}`)
  return rawPayload
}

const json = 'application/json'
const attention = (seqLen: number, returns: string, accept = json, more = {}): Promise<Buffer> =>
  answer(
    '/attention/multi-head',
    {
      model: { d_in: 64, d_out: 64, num_heads: 4 },
      input: { randn: [1, seqLen, 64] },
      return: [returns],
      ...more,
    },
    accept,
  )
const experiment = (count: number, accept = json, more = {}): Promise<Buffer> =>
  answer('/experiments/heads', { seeds: { count }, ...more }, accept)

const kinds: readonly (readonly [string, Promise<Buffer> | Buffer])[] = [
  ['weights, T 48', await attention(48, 'weights')],
  ['weights, T 512', await attention(512, 'weights')],
  ['context, T 1,024', await attention(1024, 'context')],
  ['weights in base64, T 512', await attention(512, 'weights', json, { tensor_format: 'base64' })],
  ['rows of an experiment, CSV', await experiment(400, 'text/csv')],
  ['report with rows', await experiment(400, json, { return: ['rows'] })],
  ['report', await experiment(40)],
  ['figure, SVG', await attention(24, 'weights', 'image/svg+xml')],
  ['its Vega-Lite', await attention(24, 'weights', 'application/vnd.vegalite.v6+json')],
  ['openapi.json', await answer('/openapi.json', undefined, json)],
]

console.log(`| answer | kB | ${codings.map((coding) => `${coding}: size, MB/s, of plain`).join(' | ')} |`)
console.log(`|---|---:|${codings.map(() => '---').join('|')}|`)
for (const [name, made] of kinds) {
  const bytes = await made
  const cells: string[] = []
  for (const coding of codings) {
    let bestMs = Infinity
    let length = 0
    for (const end = performance.now() + measureMs; performance.now() < end; ) {
      const started = performance.now()
      const whole = bytes.length <= wholeBytes
      length = (await (whole ? compressWhole(bytes, coding) : buffer(compressStream(bytes, coding)))).length
      bestMs = Math.min(bestMs, performance.now() - started)
    }
    const plainMs = bytes.length / lineBytesPerMs
    const times = (bestMs + length / lineBytesPerMs) / plainMs
    cells.push(
      `${((100 * length) / bytes.length).toFixed(0)} %, ${(bytes.length / bestMs / 1000).toFixed(0)}, ${times.toFixed(2)}`,
    )
  }
  console.log(`| ${name} | ${(bytes.length / 1000).toFixed(0)} | ${cells.join(' | ')} |`)
}
await service.close()
