import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Unzip, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everything } from '../../src/attention/presentation.ts'
import { giveBack } from '../../src/encoders/blocks.ts'
import { npyHeader } from '../../src/encoders/npy.ts'
import { encodeNpz } from '../../src/encoders/npz.ts'
import { pythonWith, runPython } from '../support/python.ts'
import { absent } from '../support/skip.ts'
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

/** The names of an archive's files in their order, as a reader from the front comes to them. */
function namesFromTheFront(bytes: Buffer): string[] {
  const names: string[] = []
  const unzip = new Unzip((file) => names.push(file.name))
  unzip.push(bytes, true)
  return names
}

/** Type, shape and data of a .npy file, by a reader of a few lines that knows numbers alone. */
function readNpy(file: Uint8Array): { type: string; shape: number[]; data: Float32Array } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const start = 10 + view.getUint16(8, true)
  const header = Buffer.from(file.subarray(10, start)).toString('latin1')
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)![1]!
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number)
  const data = new Float32Array(new Uint8Array(file.subarray(start)).buffer)
  return { type: /'descr': '([^']*)'/.exec(header)![1]!, shape, data }
}

describe('an npz', () => {
  it('holds the arrays as they are, the masked value beyond the diagonal', async () => {
    const result = resultOf(size)
    const shown = { ...everything, heads: [2, 0], rows: [100, 299] as const }
    const files = unzipSync(await bytesOf(encodeNpz(result, shown, true)))
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

  it('is the same bytes each time, as many as it says', async () => {
    const first = encodeNpz(resultOf(size), everything, true) as Readable & { leastBytes: number }
    const { leastBytes } = first
    const bytes = await bytesOf(first)
    expect(bytes.length).toBe(leastBytes)
    expect(bytes.equals(await bytesOf(encodeNpz(resultOf(size), everything, true)))).toBe(true)
  })

  it('has numbers first and texts behind them, or none', async () => {
    const all = namesFromTheFront(await bytesOf(encodeNpz(resultOf(size), everything, true)))
    const numbers = namesFromTheFront(await bytesOf(encodeNpz(resultOf(size), everything, false)))
    const texts = ['model.npy', 'checks.npy', 'engine.npy']
    expect(numbers).toContain('weights.npy')
    expect(all.slice(0, numbers.length)).toEqual(numbers)
    expect(all.slice(numbers.length)).toEqual(expect.arrayContaining(texts))
    for (const name of texts) expect(numbers).not.toContain(name)
  })

  it('is read in JavaScript, from the front as it comes, by readers that know numbers alone', async () => {
    const result = resultOf(size)
    const bytes = await bytesOf(encodeNpz(result, everything, false))
    const read = new Map<string, Uint8Array>()
    const unzip = new Unzip((file) => {
      const pieces: Uint8Array[] = []
      expect(file.originalSize, file.name).toBeGreaterThan(0) // known before the data
      file.ondata = (error, piece, final) => {
        expect(error).toBeNull()
        pieces.push(piece.slice())
        if (final) read.set(file.name, Buffer.concat(pieces))
      }
      file.start()
    })
    for (let at = 0; at < bytes.length; at += 10_000)
      unzip.push(bytes.subarray(at, at + 10_000), at + 10_000 >= bytes.length)
    const whole = unzipSync(bytes)
    expect([...read.keys()].sort()).toEqual(Object.keys(whole).sort())
    for (const [name, file] of read) {
      expect(Buffer.compare(file, whole[name]!), name).toBe(0)
      const { type, shape, data } = readNpy(file)
      expect(type).toBe('<f4')
      expect(data.length).toBe(shape.reduce((product, length) => product * length, 1))
    }
    const { shape, data } = readNpy(read.get('weights.npy')!)
    expect(shape).toEqual([2, 3, 300, 300])
    expect([...data.subarray(300, 302)]).toEqual([...result.output.weights!.row(0, 0, 1)])
  })
})

const python = pythonWith('zipfile')
describe.skipIf(absent(python === null, 'Python'))('an npz, read by Python', () => {
  it('has the right check sums', async () => {
    const script = 'import io, sys, zipfile; print(zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).testzip())'
    expect(runPython(python!, script, await bytesOf(encodeNpz(resultOf(size), everything, true))).trim()).toBe('None')
  })
})

const numpy = pythonWith('numpy')
describe.skipIf(absent(numpy === null, 'Python with NumPy'))('an npz, read by NumPy', () => {
  it('gives numbers and texts', async () => {
    const script = `
import io, json, sys, numpy
npz = numpy.load(io.BytesIO(sys.stdin.buffer.read()))
print(json.dumps({name: [str(npz[name].dtype), npz[name].shape] for name in npz.files if npz[name].dtype.kind == "f"}))
print(json.loads(str(npz["engine"]))["name"])
`
    const [numbers, engine] = runPython(numpy!, script, await bytesOf(encodeNpz(resultOf(size), everything, true)))
      .trim()
      .split('\n')
    expect(JSON.parse(numbers!)).toMatchObject({ weights: ['float32', [2, 3, 300, 300]] })
    expect(engine).toBe(resultOf(size).engine.name)
  })
})

const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0)
describe.skipIf(absent(compiler === undefined, 'A C compiler'))('an npz, read in C from the front', () => {
  const folder = mkdtempSync(join(tmpdir(), 'read-npz-'))
  const reader = join(folder, 'read-npz')
  beforeAll(() => {
    const source = join(import.meta.dirname, 'read-npz.c')
    const { status, stderr } = spawnSync(compiler!, ['-std=c11', '-Wall', '-O1', source, '-o', reader, '-lm'])
    expect(status, String(stderr)).toBe(0)
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([true, false])('gives every array (strings=%s)', async (strings) => {
    const result = resultOf(size)
    const bytes = await bytesOf(encodeNpz(result, everything, strings))
    const { status, stdout, stderr } = spawnSync(reader, { input: bytes, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('|'))
    expect(lines.map(([name]) => name)).toEqual(namesFromTheFront(bytes))
    expect(lines.filter(([, type]) => type !== '<f4').length > 0).toBe(strings)
    const files = unzipSync(bytes)
    for (const [name, type, shape, sum] of lines) {
      if (type !== '<f4') continue
      const file = readNpy(files[name!]!)
      expect(
        shape!
          .split(',')
          .filter((text) => text.trim() !== '')
          .map(Number),
      ).toEqual(file.shape)
      expect(Number(sum)).toBe(
        file.data.reduce((total, number) => (Number.isFinite(number) ? total + number : total), 0),
      )
    }
  })
})
