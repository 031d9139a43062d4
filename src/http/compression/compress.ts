import { pipeline, Readable } from 'node:stream'
import type { Transform } from 'node:stream'
import { promisify } from 'node:util'
import {
  brotliCompress,
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
} from 'node:zlib'
import { giveBack } from '../../encoders/blocks.ts'
import type { Coding } from './codings.ts'

/** A thread takes longer to be told than this takes to be compressed: some 0.1 ms. */
const atOnceBytes = 64 * 1024
/** What is larger is compressed while it is sent. */
export const wholeBytes = 1024 * 1024
const sliceBytes = 512 * 1024

/** The fastest levels: higher ones win little of text made of numbers, and fall behind a line of 1 Gbit/s. */
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 0, [constants.BROTLI_PARAM_LGWIN]: 18 } }
const gzipOptions = { level: 1 }
/** One piece at a time, so that it is known when one has been read. */
const streamOptions = { writableHighWaterMark: 1, chunkSize: 128 * 1024 }

interface Codec {
  now(bytes: Buffer): Buffer
  later(bytes: Buffer): Promise<Buffer>
  stream(): Transform
}

const zstdLater = promisify(zstdCompress)
const brotliLater = promisify(brotliCompress)
const gzipLater = promisify<Buffer, typeof gzipOptions, Buffer>(gzip)

const codecs: Readonly<Record<Coding, Codec>> = {
  zstd: {
    now: (bytes) => zstdCompressSync(bytes, zstdOptions),
    later: (bytes) => zstdLater(bytes, zstdOptions),
    stream: () => createZstdCompress({ ...zstdOptions, ...streamOptions }),
  },
  br: {
    now: (bytes) => brotliCompressSync(bytes, brotliOptions),
    later: (bytes) => brotliLater(bytes, brotliOptions),
    stream: () => createBrotliCompress({ ...brotliOptions, ...streamOptions }),
  },
  gzip: {
    now: (bytes) => gzipSync(bytes, gzipOptions),
    later: (bytes) => gzipLater(bytes, gzipOptions),
    stream: () => createGzip({ ...gzipOptions, ...streamOptions }),
  },
}

/** Bytes in one piece, at most `wholeBytes` of them: on this thread where that is sooner. */
export function compressWhole(bytes: Buffer, coding: Coding): Buffer | Promise<Buffer> {
  const codec = codecs[coding]
  return bytes.length <= atOnceBytes ? codec.now(bytes) : codec.later(bytes)
}

/** A body as it comes, at its reader's pace; blocks that its pieces lie in are given back when they have been read. */
export function compressStream(body: Readable | Buffer, coding: Coding): Readable {
  const compressed = codecs[coding].stream()
  const pieces = Buffer.isBuffer(body) ? Readable.from(slices(body), { objectMode: false, highWaterMark: 1 }) : body
  // An error or an early end of either side ends the other one; who reads `compressed` hears it there.
  pipeline(pieces, givingBack, compressed, () => {})
  return compressed
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += sliceBytes) yield bytes.subarray(from, from + sliceBytes)
}

/** Passes pieces on. The next one is asked for when the one before has been compressed. */
async function* givingBack(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    yield piece
    giveBack(piece)
  }
}
