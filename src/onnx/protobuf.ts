/**
 * The few kinds of protobuf fields that an ONNX model is made of: https://protobuf.dev/programming-guides/encoding/.
 * A message is a list of parts, joined once at the end, so that large constants are copied once.
 */
export type Message = Uint8Array[]

const text = new TextEncoder()

/** A varint: 7 bits a byte, least significant first; a negative number as its 64-bit two's complement. */
function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128)
  return [...bytes, Number(rest)]
}

export function integer(field: number, value: number): Message {
  return [Uint8Array.from([...varint(field * 8), ...varint(value)])]
}

export function float(field: number, value: number): Message {
  return [Uint8Array.from(varint(field * 8 + 5)), new Uint8Array(Float32Array.of(value).buffer)]
}

export function bytes(field: number, data: Uint8Array): Message {
  return [Uint8Array.from([...varint(field * 8 + 2), ...varint(data.length)]), data]
}

export function string(field: number, value: string): Message {
  return bytes(field, text.encode(value))
}

export function message(field: number, ...parts: Message[]): Message {
  const all = parts.flat()
  const length = all.reduce((sum, part) => sum + part.length, 0)
  return [Uint8Array.from([...varint(field * 8 + 2), ...varint(length)]), ...all]
}

export function join(parts: Message): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
