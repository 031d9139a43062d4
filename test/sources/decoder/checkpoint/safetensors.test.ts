import { describe, expect, it } from 'vitest'
import { readTensorEntries } from '../../../../src/sources/decoder/checkpoint/safetensors.ts'
import type { ByteSource, TensorEntry } from '../../../../src/sources/decoder/checkpoint/safetensors.ts'
import { UnsupportedModel } from '../../../../src/sources/decoder/unsupported.ts'
import { randomFrom } from '../../../support/random.ts'

/** A file in memory that fails the test when anything outside of it is read. */
function inMemory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length) {
      if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
        throw new RangeError(`read of ${length} bytes at ${offset}`)
      if (offset + length > bytes.length) throw new RangeError(`read beyond the end: ${length} bytes at ${offset}`)
      return bytes.slice(offset, offset + length)
    },
  }
}

function fileOf(header: string, data = 0): Uint8Array {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + data)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

const read = (bytes: Uint8Array): Promise<Map<string, TensorEntry>> =>
  readTensorEntries(inMemory(bytes), 'a.safetensors')

const tensor = (dtype: string, shape: readonly number[], begin: number, end: number): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})

const good = {
  __metadata__: { format: 'pt' },
  b: tensor('BF16', [2, 3], 4, 16),
  a: tensor('F32', [], 0, 4),
  none: tensor('F32', [0, 5], 16, 16),
}

describe('a safetensors header', () => {
  it('gives every tensor its place in the file', async () => {
    const header = JSON.stringify(good)
    const entries = await read(fileOf(header, 16))
    const data = 8 + header.length
    expect([...entries.keys()].sort()).toEqual(['a', 'b', 'none'])
    expect(entries.get('b')).toEqual({ name: 'b', dtype: 'BF16', shape: [2, 3], offset: data + 4, bytes: 12 })
  })

  const refused: readonly [what: string, bytes: Uint8Array, reason: RegExp][] = [
    ['an empty file', new Uint8Array(0), /0 bytes/],
    ['a header longer than the file', fileOf('{}').subarray(0, 9), /truncated/],
    ['a header of 2^63 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 0), /longer than the limit/],
    ['a header that is no JSON', fileOf('{"a"'), /not JSON/],
    ['a header that is a list', fileOf('[]'), /not a JSON object/],
    ['a header that is not UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff), /UTF-8/],
    [
      'a name twice',
      fileOf(
        `{"a":${JSON.stringify(tensor('F32', [1], 0, 4))},"\\u0061":${JSON.stringify(tensor('F32', [1], 0, 4))}}`,
        4,
      ),
      /"a" twice/,
    ],
    [
      'a member twice',
      fileOf('{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', 4),
      /"dtype" twice/,
    ],
    ['an unknown dtype', fileOf(JSON.stringify({ a: tensor('F31', [1], 0, 4) }), 4), /unknown dtype "F31"/],
    [
      'a dtype out of Object.prototype',
      fileOf(JSON.stringify({ a: tensor('toString', [1], 0, 4) }), 4),
      /unknown dtype/,
    ],
    ['a negative side', fileOf(JSON.stringify({ a: tensor('F32', [-1], 0, 4) }), 4), /no shape/],
    ['a side that is no whole number', fileOf(JSON.stringify({ a: tensor('F32', [0.5], 0, 2) }), 4), /no shape/],
    [
      'a shape that overflows',
      fileOf(JSON.stringify({ a: tensor('F32', [2 ** 40, 2 ** 40], 0, 4) }), 4),
      /more elements/,
    ],
    ['bytes that are not the shape', fileOf(JSON.stringify({ a: tensor('F32', [2], 0, 4) }), 4), /has 8 bytes/],
    ['offsets that go back', fileOf(JSON.stringify({ a: tensor('F32', [1], 4, 0) }), 4), /data_offsets/],
    ['no offsets', fileOf('{"a":{"dtype":"F32","shape":[1]}}', 4), /data_offsets/],
    [
      'an overlap',
      fileOf(JSON.stringify({ a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 4, 12) }), 12),
      /overlaps/,
    ],
    ['a gap', fileOf(JSON.stringify({ a: tensor('F32', [1], 0, 4), b: tensor('F32', [1], 8, 12) }), 12), /gap of 4/],
    ['data beyond the end', fileOf(JSON.stringify({ a: tensor('F32', [4], 0, 16) }), 8), /beyond the file's end/],
    ['bytes of nobody', fileOf(JSON.stringify({ a: tensor('F32', [1], 0, 4) }), 9), /5 bytes that belong to no tensor/],
    ['a tensor that is null', fileOf('{"a":null}'), /not described/],
    ['a hundred thousand open brackets', fileOf('['.repeat(100_000)), /not JSON/],
  ]
  it.each(refused)('is refused with %s', async (_, bytes, reason) => {
    const error = await read(bytes).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(UnsupportedModel)
    expect((error as Error).message).toMatch(reason)
  })

  it('is read or refused, and nothing outside of the file is read, in 10,000 mutated files', async () => {
    const random = randomFrom(18)
    const below = (n: number): number => Math.floor(random() * n)
    const names = ['a', 'b', 'layer.0.weight', '__proto__', 'constructor', '']
    const tokens = [
      '"',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '-1',
      '1e99',
      '9007199254740993',
      'null',
      '"F32"',
      '\\u0000',
      '0',
    ]
    const outcomes = { read: 0, refused: 0 }
    for (let round = 0; round < 10_000; round++) {
      const header: Record<string, unknown> = { ...(random() < 0.5 ? { __metadata__: { format: 'pt' } } : {}) }
      let size = 0
      for (let each = below(5); each >= 0; each--) {
        const shape = Array.from({ length: below(3) }, () => below(4))
        const bytes = 4 * shape.reduce((product, side) => product * side, 1)
        header[each === 0 ? names[below(names.length)]! : `t${each}`] = tensor('F32', shape, size, size + bytes)
        size += bytes
      }
      let text = JSON.stringify(header)
      for (let changes = below(4); changes > 0; changes--) {
        const at = below(text.length)
        const token = tokens[below(tokens.length)]!
        text = text.slice(0, at) + token + text.slice(at + below(4))
      }
      let bytes = fileOf(text, Math.max(0, size + (random() < 0.2 ? below(9) - 4 : 0)))
      for (let changes = random() < 0.5 ? below(4) : 0; changes > 0; changes--) bytes[below(bytes.length)] = below(256)
      if (random() < 0.1) bytes = bytes.subarray(0, below(bytes.length + 1))
      try {
        for (const { offset, bytes: length } of (await read(bytes)).values())
          expect(offset >= 8 && offset + length <= bytes.length).toBe(true)
        outcomes.read++
      } catch (error) {
        if (!(error instanceof UnsupportedModel)) throw error
        outcomes.refused++
      }
    }
    // Both happen often, so that neither is tested by chance.
    expect(outcomes.read).toBeGreaterThan(1000)
    expect(outcomes.refused).toBeGreaterThan(1000)
  })
})
