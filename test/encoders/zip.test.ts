import { unzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { zipOf, zipSize } from '../../src/encoders/zip.ts'
import type { ZipEntry, ZipLimits } from '../../src/encoders/zip.ts'
import { pythonWith, runPython } from '../support/python.ts'
import { absent } from '../support/skip.ts'

function entry(name: string, ...pieces: string[]): ZipEntry {
  return { name, size: pieces.join('').length, pieces: () => pieces.map((piece) => Buffer.from(piece)) }
}

async function archive(entries: readonly ZipEntry[], limits?: ZipLimits): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of zipOf(entries, () => new ArrayBuffer(1024), limits)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

const files = [entry('a.npy', 'one', 'two'), entry('empty'), entry('long', 'x'.repeat(70_000)), entry('last', 'z')]
/** As if only headers of files of less than 10 bytes, 50 bytes from the start, or two in all, had room for 32 bits. */
const narrow: Record<string, ZipLimits | undefined> = {
  'as the format has it': undefined,
  'with large files': { size: 70_000, count: 0xffff },
  'with small files too': { size: 1, count: 0xffff },
  'with many files': { size: 0xffffffff, count: 2 },
}

describe.each(Object.keys(narrow))('an archive %s', (name) => {
  const limits = narrow[name]

  it('holds the files, and is as long as it says', async () => {
    const bytes = await archive(files, limits)
    expect(bytes.length).toBe(zipSize(files, limits))
    const read = unzipSync(bytes)
    expect(Object.entries(read).map(([file, data]) => [file, Buffer.from(data).toString()])).toEqual([
      ['a.npy', 'onetwo'],
      ['empty', ''],
      ['long', 'x'.repeat(70_000)],
      ['last', 'z'],
    ])
  })

  const python = pythonWith('zipfile')
  it.skipIf(absent(python === null, 'Python'))('is read and checked by Python', async () => {
    const script = `
import io, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
print(archive.testzip(), [(info.filename, info.file_size, info.flag_bits, info.date_time) for info in archive.infolist()])
`
    const day = '(1980, 1, 1, 0, 0, 0)'
    expect(runPython(python!, script, await archive(files, limits)).trim()).toBe(
      `None [('a.npy', 6, 0, ${day}), ('empty', 0, 0, ${day}), ('long', 70000, 0, ${day}), ('last', 1, 0, ${day})]`,
    )
  })
})

describe('an archive', () => {
  it('of nothing is empty', async () => {
    expect(unzipSync(await archive([]))).toEqual({})
  })

  it('of more files than 16 bits count holds them all', async () => {
    const many = Array.from({ length: 70_000 }, (_, i) => entry(`${i}`, `${i % 10}`))
    const read = unzipSync(await archive(many))
    expect(Object.keys(read)).toHaveLength(70_000)
    expect(Buffer.from(read['69999']!).toString()).toBe('9')
  }, 60_000)
})
