import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { unzipSync } from 'fflate'
import { afterEach, describe, expect, it } from 'vitest'
import { giveBack } from '../../src/encoders/blocks.ts'
import { npyHeader } from '../../src/encoders/npy.ts'
import { encodeNpz } from '../../src/encoders/npz.ts'
import { checkSum } from '../../src/encoders/zip.ts'
import { pythonWith, runPython } from '../support/python.ts'
import { absent } from '../support/skip.ts'
import { everything } from '../../src/attention/presentation.ts'
import { resultOf } from './results.ts'

const size = { batch: 2, heads: 3, seqLen: 300, rowsPerBlock: 128 }

async function bytesOf(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) {
    pieces.push(Buffer.from(piece as Buffer))
    giveBack(piece as Buffer)
  }
  return Buffer.concat(pieces)
}

afterEach(() => {
  checkSum.unsigned = crc32
})

describe('an npz', () => {
  it('is the same bytes with the check sum that yazl brings, which is not called otherwise', async () => {
    const result = resultOf(size)
    const ours = await bytesOf(encodeNpz(result, everything))
    const { signed } = createRequire(createRequire(import.meta.url).resolve('yazl'))('buffer-crc32') as {
      signed: (bytes: Buffer, before?: number) => number
    }
    let calls = 0
    checkSum.unsigned = (bytes, before) => {
      calls++
      return signed(bytes as Buffer, before) >>> 0
    }
    const theirs = await bytesOf(encodeNpz(result, everything))
    expect(calls).toBeGreaterThan(10)
    expect(ours.equals(theirs)).toBe(true)
  })

  it('holds the arrays as they are, the masked value beyond the diagonal', async () => {
    const result = resultOf(size)
    const shown = { ...everything, heads: [2, 0], rows: [100, 299] as const }
    const files = unzipSync(await bytesOf(encodeNpz(result, shown)))
    for (const name of ['weights', 'scores'] as const) {
      const maps = result.output[name]!
      const expected = new Float32Array(2 * 2 * 200 * 300).fill(maps.masked)
      let at = 0
      for (let item = 0; item < 2; item++) {
        for (const head of [2, 0]) {
          for (let query = 100; query < 300; query++, at += 300) expected.set(maps.row(item, head, query), at)
        }
      }
      expect(
        Buffer.compare(
          files[`${name}.npy`]!,
          Buffer.concat([npyHeader('<f4', [2, 2, 200, 300]), Buffer.from(expected.buffer)]),
        ),
        name,
      ).toBe(0)
    }
  })
})

const python = pythonWith('zipfile')
describe.skipIf(absent(python === null, 'Python'))('an npz, read by Python', () => {
  it('has the right check sums', async () => {
    const script = 'import io, sys, zipfile; print(zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).testzip())'
    expect(runPython(python!, script, await bytesOf(encodeNpz(resultOf(size), everything))).trim()).toBe('None')
  })
})
