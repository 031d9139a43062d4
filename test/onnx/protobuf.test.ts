import { describe, expect, it } from 'vitest'
import { bytes, float, integer, join, message, string } from '../../src/onnx/protobuf.ts'

describe('protobuf fields', () => {
  const hex = (parts: Uint8Array[]): string => Buffer.from(join(parts)).toString('hex')

  // https://protobuf.dev/programming-guides/encoding/: a = 150, b = "testing", a message with a = 150; -1 from its
  // table
  it('are written as the specification shows them', () => {
    expect(hex(integer(1, 150))).toBe('089601')
    expect(hex(string(2, 'testing'))).toBe('120774657374696e67')
    expect(hex(message(3, integer(1, 150)))).toBe('1a03089601')
    expect(hex(integer(1, -1))).toBe('08ffffffffffffffffff01')
    expect(hex(float(2, 1))).toBe('150000803f')
  })

  it('have lengths of more than one byte', () => {
    expect(hex(bytes(1, new Uint8Array(300))).slice(0, 6)).toBe('0aac02')
  })
})
