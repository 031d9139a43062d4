import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { giveBack } from './blocks.ts'

/** A file of an archive: its bytes can be asked for more than once, and are the same each time. */
export interface ZipEntry {
  /** ASCII. */
  readonly name: string
  readonly size: number
  /** Where what is handed over may be written again afterwards, `memory` gives the next pieces theirs. */
  pieces(memory: () => ArrayBuffer): Iterable<Buffer>
}

/** Sizes and offsets from here on need the 64-bit fields of ZIP64, and so do as many files. */
export interface ZipLimits {
  readonly size: number
  readonly count: number
}
const formatLimits: ZipLimits = { size: 0xffffffff, count: 0xffff }

/** How many bytes are summed at a time before others get their turn. */
const summedAtOnce = 16 * 2 ** 20

/**
 * A ZIP archive of files as they are, not compressed (PKWARE's APPNOTE, https://pkware.cachefly.net/webdocs/APPNOTE/).
 * Sizes and check sums stand in each file's own header, where readers that go through the archive from the front look
 * for them; a check sum there means reading a file once before it is written. Dates are the format's first day: the
 * same files give the same bytes.
 * @param entries each is asked for when the one before has been written
 * @param memory for pieces that are handed out
 */
export async function* zipOf(
  entries: Iterable<ZipEntry> | AsyncIterable<ZipEntry>,
  memory: () => ArrayBuffer,
  limits: ZipLimits = formatLimits,
): AsyncGenerator<Buffer> {
  const directory: Buffer[] = []
  let offset = 0
  let scratch: ArrayBuffer | undefined
  for await (const entry of entries) {
    let sum = 0
    let summed = 0
    for (const piece of entry.pieces(() => (scratch ??= memory()))) {
      sum = crc32(piece, sum)
      summed += piece.length
      if (summed < summedAtOnce) continue
      summed = 0
      await setImmediate()
    }
    const header = localHeader(entry, sum, limits)
    yield header
    yield* entry.pieces(memory)
    directory.push(directoryHeader(entry, sum, offset, limits))
    offset += header.length + entry.size
  }
  if (scratch !== undefined) giveBack(new Uint8Array(scratch))
  yield Buffer.concat([...directory, endOfDirectory(directory.length, directory, offset, limits)])
}

/** How many bytes an archive has. */
export function zipSize(entries: readonly ZipEntry[], limits: ZipLimits = formatLimits): number {
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    directory.push(directoryHeader(entry, 0, offset, limits))
    offset += localHeader(entry, 0, limits).length + entry.size
  }
  const end = endOfDirectory(entries.length, directory, offset, limits)
  return offset + directory.reduce((sum, { length }) => sum + length, end.length)
}

const plainVersion = 20
const zip64Version = 45
const unix = 3 << 8
/** A plain file that its owner may write and everybody read. */
const fileMode = 0o100644
/** 1980-01-01 in MS-DOS's form: day, month << 5, year - 1980 << 9. */
const firstDay = 1 | (1 << 5)
const inZip64 = 0xffffffff

function localHeader({ name, size }: ZipEntry, sum: number, limits: ZipLimits): Buffer {
  const large = size >= limits.size
  const extra = large ? zip64Extra(size, size) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(large ? zip64Version : plainVersion, 4)
  header.writeUInt16LE(firstDay, 12)
  header.writeUInt32LE(sum, 14)
  header.writeUInt32LE(large ? inZip64 : size, 18)
  header.writeUInt32LE(large ? inZip64 : size, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, Buffer.from(name, 'ascii'), extra])
}

function directoryHeader({ name, size }: ZipEntry, sum: number, offset: number, limits: ZipLimits): Buffer {
  const large = size >= limits.size
  const far = offset >= limits.size
  const extra = zip64Extra(...(large ? [size, size] : []), ...(far ? [offset] : []))
  const version = large || far ? zip64Version : plainVersion
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(unix | version, 4)
  header.writeUInt16LE(version, 6)
  header.writeUInt16LE(firstDay, 14)
  header.writeUInt32LE(sum, 16)
  header.writeUInt32LE(large ? inZip64 : size, 20)
  header.writeUInt32LE(large ? inZip64 : size, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(extra.length, 30)
  header.writeUInt32LE((fileMode << 16) >>> 0, 38)
  header.writeUInt32LE(far ? inZip64 : offset, 42)
  return Buffer.concat([header, Buffer.from(name, 'ascii'), extra])
}

/** 64-bit numbers for those that are 0xffffffff in a header; nothing where there are none. */
function zip64Extra(...numbers: number[]): Buffer {
  if (numbers.length === 0) return Buffer.alloc(0)
  const extra = Buffer.alloc(4 + 8 * numbers.length)
  extra.writeUInt16LE(0x0001, 0)
  extra.writeUInt16LE(8 * numbers.length, 2)
  numbers.forEach((number, i) => extra.writeBigUInt64LE(BigInt(number), 4 + 8 * i))
  return extra
}

function endOfDirectory(count: number, directory: readonly Buffer[], offset: number, limits: ZipLimits): Buffer {
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const large = count >= limits.count || size >= limits.size || offset >= limits.size
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(large ? 0xffff : count, 8)
  end.writeUInt16LE(large ? 0xffff : count, 10)
  end.writeUInt32LE(large ? inZip64 : size, 12)
  end.writeUInt32LE(large ? inZip64 : offset, 16)
  return large ? Buffer.concat([zip64End(count, size, offset), end]) : end
}

/** The end of the directory in 64 bits, and where it lies. */
function zip64End(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(56 + 20)
  end.writeUInt32LE(0x06064b50, 0)
  end.writeBigUInt64LE(BigInt(56 - 12), 4)
  end.writeUInt16LE(unix | zip64Version, 12)
  end.writeUInt16LE(zip64Version, 14)
  end.writeBigUInt64LE(BigInt(count), 24)
  end.writeBigUInt64LE(BigInt(count), 32)
  end.writeBigUInt64LE(BigInt(size), 40)
  end.writeBigUInt64LE(BigInt(offset), 48)
  end.writeUInt32LE(0x07064b50, 56)
  end.writeBigUInt64LE(BigInt(offset + size), 64)
  end.writeUInt32LE(1, 72)
  return end
}
