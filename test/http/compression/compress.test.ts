import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { lendBlock } from '../../../src/encoders/blocks.ts'
import { compressStream, compressWhole, wholeBytes } from '../../../src/http/compression/compress.ts'
import type { Coding } from '../../../src/http/compression/codings.ts'

const decode: Readonly<Record<Coding, (bytes: Buffer) => Buffer>> = {
  zstd: (bytes) => zstdDecompressSync(bytes),
  br: (bytes) => brotliDecompressSync(bytes),
  gzip: (bytes) => gunzipSync(bytes),
}
const text = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes / 8 }, (_, i) => `0.${(i * 7919) % 99991},`).join('')).subarray(0, bytes)

describe.each(['zstd', 'br', 'gzip'] as const)('%s', (coding) => {
  it.each([0, 1, 20_000, 300_000, wholeBytes])('%i bytes in one piece', async (length) => {
    const bytes = text(length)
    const compressed = await compressWhole(bytes, coding)
    expect(decode[coding](compressed).equals(bytes)).toBe(true)
    if (length > 1_000) expect(compressed.length).toBeLessThan(length / 1.5)
  })

  it('a stream, and bytes too many for one piece', async () => {
    const bytes = text(3_000_000)
    const pieces = Array.from({ length: 30 }, (_, i) => bytes.subarray(i * 100_000, (i + 1) * 100_000))
    for (const body of [bytes, Readable.from(pieces, { highWaterMark: 1 })]) {
      const compressed = await buffer(compressStream(body, coding))
      expect(decode[coding](compressed).equals(bytes)).toBe(true)
    }
  })

  it('a piece in a block is read before the block may be written again', async () => {
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 40; i++) {
        const piece = Buffer.from(lendBlock(), 0, 200_000 + i)
        yield piece.fill(`${i},`)
      }
    }
    const parts = Array.from({ length: 40 }, (_, i) => Buffer.alloc(200_000 + i, `${i},`))
    const compressed = await buffer(compressStream(Readable.from(pieces(), { highWaterMark: 1 }), coding))
    expect(decode[coding](compressed).equals(Buffer.concat(parts))).toBe(true)
  })

  it('follows its reader, and ends the body when the reader leaves', async () => {
    let made = 0
    let ended = false
    function* pieces(): Generator<Buffer> {
      try {
        for (;;) {
          made++
          // What cannot be compressed, so that it comes out as long as it went in.
          yield Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)))
        }
      } finally {
        ended = true
      }
    }
    const compressed = compressStream(Readable.from(pieces(), { objectMode: false, highWaterMark: 1 }), coding)
    const iterator = compressed.iterator()
    await iterator.next()
    await sleep(200)
    const before = made
    expect(before).toBeLessThan(30)
    await sleep(100)
    expect(made).toBe(before)
    await iterator.return!()
    await expect.poll(() => ended).toBe(true)
  })

  it('breaks off when the body does', async () => {
    function* pieces(): Generator<Buffer> {
      yield text(100_000)
      throw new Error('lost')
    }
    const compressed = compressStream(Readable.from(pieces(), { highWaterMark: 1 }), coding)
    await expect(buffer(compressed)).rejects.toThrow('lost')
  })
})
