/** What JSON's bytes are, and steps through them. Nothing here judges whether a text is JSON: JSON.parse does. */

export const quoteByte = 0x22
export const backslashByte = 0x5c
export const openArrayByte = 0x5b
export const closeArrayByte = 0x5d
export const openObjectByte = 0x7b
export const closeObjectByte = 0x7d
export const commaByte = 0x2c
export const colonByte = 0x3a

/** 1 for the bytes that end a number or a word: space and structure. */
const endsScalar = new Uint8Array(256)
for (const byte of ' \t\n\r[]{},:"') endsScalar[byte.charCodeAt(0)] = 1
/** 1 for the bytes that a pointer depends on. */
const isStructure = new Uint8Array(256)
for (const byte of '[]{},"') isStructure[byte.charCodeAt(0)] = 1

/** Up to here the end of a string is looked for byte by byte, which is quicker than to call for it. */
const shortString = 48

/** Behind the string that begins with the quote at `start`. */
export function endOfString(body: Buffer, start: number): number {
  const near = Math.min(body.length, start + shortString)
  let at = start + 1
  while (at < near) {
    const byte = body[at]!
    if (byte === quoteByte) return at + 1
    at += byte === backslashByte ? 2 : 1
  }
  for (let end = body.indexOf(quoteByte, at); end !== -1; end = body.indexOf(quoteByte, end + 1)) {
    let before = end
    while (before > at && body[before - 1] === backslashByte) before--
    if ((end - before) % 2 === 0) return end + 1
  }
  return body.length
}

/** Behind the number or word that begins at `start`. */
export function endOfScalar(body: Buffer, start: number): number {
  let at = start + 1
  while (at < body.length && endsScalar[body[at]!] === 0) at++
  return at
}

/** The keys and places, from the body's start on, of the value in which the byte at `offset` lies or begins. */
export function pointerAt(body: Buffer, offset: number): (string | number)[] {
  const path: (string | number)[] = []
  let isKey = false
  for (let at = 0; at < offset; ) {
    const byte = body[at]!
    if (isStructure[byte] === 0) {
      at++
      continue
    }
    const last = path.length - 1
    if (byte === quoteByte) {
      const end = endOfString(body, at)
      if (isKey) path[last] = keyText(body, at, end)
      isKey = false
      at = end
      continue
    }
    if (byte === openObjectByte) path.push('')
    else if (byte === openArrayByte) path.push(0)
    else if (byte !== commaByte) path.pop()
    else if (typeof path[last] === 'number') path[last]++
    isKey = byte === openObjectByte || (byte === commaByte && typeof path[last] === 'string')
    at++
  }
  return path
}

const longestKeyBytes = 512

function keyText(body: Buffer, start: number, end: number): string {
  const text = body.toString('utf8', start, Math.min(end, start + longestKeyBytes))
  try {
    return JSON.parse(text) as string
  } catch {
    return text.slice(1)
  }
}
