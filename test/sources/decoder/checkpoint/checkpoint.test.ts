import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../../../src/sources/decoder/checkpoint/checkpoint.ts'
import { toFloat32 } from '../../../../src/sources/decoder/checkpoint/to-float32.ts'
import { UnsupportedModel } from '../../../../src/sources/decoder/unsupported.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A safetensors file of float32 vectors. */
function safetensors(tensors: Readonly<Record<string, readonly number[]>>): Uint8Array {
  let at = 0
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, values]) => {
      const begin = at
      at += 4 * values.length
      return [name, { dtype: 'F32', shape: [values.length], data_offsets: [begin, at] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, Buffer.from(Float32Array.from(Object.values(tensors).flat()).buffer)])
}

const write = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(folder, name), content)
const index = (map: unknown): Promise<void> =>
  write('model.safetensors.index.json', JSON.stringify({ metadata: {}, weight_map: map }))

async function refusal(): Promise<string> {
  const opened = await openCheckpoint(folder).catch((error: unknown) => error)
  expect(opened).toBeInstanceOf(UnsupportedModel)
  return (opened as Error).message
}

describe('a checkpoint', () => {
  it('is one file, or the files that an index names', async () => {
    await write('model.safetensors', safetensors({ a: [1, 2] }))
    const single = await openCheckpoint(folder)
    expect([...single.tensors.keys()]).toEqual(['a'])
    await single.close()

    await write('one.safetensors', safetensors({ b: [3] }))
    await write('two.safetensors', safetensors({ c: [4], d: [5, 6] }))
    await index({ b: 'one.safetensors', c: 'two.safetensors', d: 'two.safetensors' })
    const sharded = await openCheckpoint(folder)
    expect([...sharded.tensors.keys()].sort()).toEqual(['b', 'c', 'd'])
    const { file, offset, bytes } = sharded.tensors.get('d')!
    expect(toFloat32(await file.read(offset, bytes), 'F32')).toEqual(Float32Array.of(5, 6))
    await sharded.close()
  })

  it('is refused where there is none, where it is a folder, and where it becomes shorter', async () => {
    expect(await refusal()).toBe('model.safetensors cannot be read: ENOENT')
    await write('model.safetensors', safetensors({ a: [1, 2] }))
    const checkpoint = await openCheckpoint(folder)
    const { size } = await stat(join(folder, 'model.safetensors'))
    await truncate(join(folder, 'model.safetensors'), size - 1)
    const { file, offset, bytes } = checkpoint.tensors.get('a')!
    await expect(file.read(offset, bytes)).rejects.toThrow('has become shorter')
    await checkpoint.close()
    expect(await refusal()).toContain('is it truncated?')
  })

  it.each([
    ['a path upwards', '../model.safetensors'],
    ['an absolute path', '/etc/passwd.safetensors'],
    ['a folder', 'sub/model.safetensors'],
    ['a hidden file', '.safetensors'],
    ['another kind of file', 'model.bin'],
    ['a NUL', 'a\0.safetensors'],
    ['a number', 7],
  ])('is refused where its index names %s', async (_, file) => {
    await write('model.safetensors', safetensors({ a: [1] }))
    await index({ a: file })
    expect(await refusal()).toContain('no safetensors file of this folder')
  })

  it('is refused where its index is broken or places a tensor where it is not', async () => {
    await write('one.safetensors', safetensors({ a: [1] }))
    await index({ a: 'one.safetensors', b: 'one.safetensors' })
    expect(await refusal()).toContain('places "b" in one.safetensors, which has none')
    await index({ a: 'gone.safetensors' })
    expect(await refusal()).toContain('gone.safetensors cannot be read')
    await index([])
    expect(await refusal()).toContain('no weight_map')
    await write('model.safetensors.index.json', '{"weight_map":{"a":"one.safetensors","a":"two.safetensors"}}')
    expect(await refusal()).toContain('"a" twice')
    await write('model.safetensors.index.json', 'null')
    expect(await refusal()).toContain('not a JSON object')
  })
})

describe('weights as float32', () => {
  it('are those of float16 and bfloat16, to the last bit', async () => {
    const truth = join(import.meta.dirname, '../../../truth/models')
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00)
    expect(toFloat32(new Uint8Array(halves.buffer), 'F16')).toEqual(
      Float32Array.of(1, -2, 2 ** -24, 65504, -0, Infinity),
    )
    const brains = Uint16Array.of(0x3f80, 0xc000, 0x0001, 0x7f7f, 0x8000, 0xff80)
    expect(toFloat32(new Uint8Array(brains.buffer), 'BF16')).toEqual(
      Float32Array.of(1, -2, 2 ** -133, 3.3895313892515355e38, -0, -Infinity),
    )
    // Bytes of a file may begin anywhere.
    const odd = (await readFile(join(truth, 'gpt2/model.safetensors'))).subarray(1, 9)
    expect(toFloat32(odd, 'F32').length).toBe(2)
    expect(toFloat32(odd, 'BF16').length).toBe(4)
  })
})
