import { createHash } from 'node:crypto'
import { get, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { background } from '../support/job-client.ts'
import { huge, path, slow, tiny } from '../support/requests.ts'
import { RunningService, until } from '../support/running-service.ts'

const decoders = { zstd: createZstdDecompress, br: createBrotliDecompress, gzip: createGunzip }

describe('compressed answers of workers', { timeout: 120_000 }, () => {
  let service: RunningService
  beforeAll(async () => {
    service = await RunningService.start({ CORS_ORIGINS: 'https://lab.example' })
  })
  afterAll(() => service.stop())

  async function open(body: object, headers: Record<string, string>): Promise<IncomingMessage> {
    const asking = request({
      port: service.port,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    })
    asking.end(JSON.stringify(body))
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    return answer
  }

  /** Bytes and digest of an answer, decoded, and its bytes on the way. */
  async function read(answer: IncomingMessage): Promise<{ digest: string; bytes: number; sent: number }> {
    const coding = answer.headers['content-encoding'] as keyof typeof decoders | undefined
    const hash = createHash('sha256')
    let bytes = 0
    let sent = 0
    const take = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
      for await (const piece of pieces) {
        bytes += piece.length
        hash.update(piece)
      }
    }
    answer.on('data', (piece: Buffer) => {
      sent += piece.length
    })
    const source = answer as Readable
    await (coding === undefined ? pipeline(source, take) : pipeline(source, decoders[coding](), take))
    return { digest: hash.digest('hex'), bytes, sent }
  }

  it('long ones, which the worker writes to the client itself, are the same bytes', async () => {
    const plain = await read(await open(huge, {}))
    expect(plain.bytes).toBeGreaterThan(50e6)
    for (const coding of ['zstd', 'br', 'gzip'] as const) {
      const accepted = coding === 'gzip' ? 'gzip, identity;q=0' : coding
      const answer = await open(huge, { 'accept-encoding': accepted, origin: 'https://lab.example' })
      expect(answer.headers['content-encoding']).toBe(coding)
      expect(answer.headers['transfer-encoding']).toBe('chunked')
      expect(answer.headers.vary!.split(', ').sort()).toEqual(['Accept', 'Accept-Encoding', 'Origin'])
      const coded = await read(answer)
      expect(coded.digest).toBe(plain.digest)
      expect(coded.sent).toBeLessThan(plain.bytes / 2)
      console.log(`${coding}: ${plain.bytes} bytes as ${coded.sent}`)
    }
    expect((await service.post(path, tiny)).status).toBe(200)
  })

  it('a client that leaves in the middle of one leaves nothing behind', async () => {
    const answer = await open(huge, { 'accept-encoding': 'zstd' })
    await once(answer, 'data')
    const taken = (): Promise<number> => service.metric('attention_inflight_bytes{kind="work"}')
    expect(await taken()).toBeGreaterThan(0)
    answer.destroy()
    await until(async () => (await taken()) === 0, 20_000, 'its memory is given back')
    expect((await service.post(path, tiny)).status).toBe(200)
    expect((await service.workers())[0]!.restarts).toBe(0)
  })

  it('ones that the gateway holds until they are whole have their length', async () => {
    const middling = { ...huge, input: { randn: [1, 100, 64] } }
    const plain = await read(await open(middling, {}))
    const answer = await open(middling, { 'accept-encoding': 'zstd' })
    const coded = await read(answer)
    expect(Number(answer.headers['content-length'])).toBe(coded.sent)
    expect(coded.digest).toBe(plain.digest)
    const summary = await open(slow, { 'accept-encoding': 'zstd' })
    expect(summary.headers['content-encoding']).toBeUndefined()
    summary.resume()
  })

  it('results of jobs may be, their events never', async () => {
    const seeds = { seeds: { first: 5, count: 2_000 } }
    const job = (await service.post('/experiments/heads', seeds, background)).json() as {
      links: Record<string, string>
    }
    const events = await service.get(job.links.events!, { 'accept-encoding': 'gzip, br, zstd' })
    expect(events.headers['content-encoding']).toBeUndefined()
    expect(events.text).toContain('event: succeeded')
    const results = await Promise.all(
      ['identity', 'zstd'].map(async (coding) => {
        const asking = get({
          port: service.port,
          path: job.links.result!,
          headers: { accept: 'text/csv', 'accept-encoding': coding },
        })
        const [answer] = (await once(asking, 'response')) as [IncomingMessage]
        return { coding: answer.headers['content-encoding'], ...(await read(answer)) }
      }),
    )
    expect(results.map(({ coding }) => coding)).toEqual([undefined, 'zstd'])
    expect(results[0]!.bytes).toBeGreaterThan(2 ** 20)
    expect(results[1]!.digest).toBe(results[0]!.digest)
  })
})
