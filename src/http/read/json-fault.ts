import {
  backslashByte,
  closeArrayByte,
  closeObjectByte,
  colonByte,
  commaByte,
  openArrayByte,
  openObjectByte,
  quoteByte,
} from './json-text.ts'
import { readNumberArray } from './number-array.ts'

/** Where a text stops being JSON (RFC 8259). */
export interface JsonFault {
  /** In bytes. */
  readonly offset: number
  /** From 1; a column is a character. */
  readonly line: number
  readonly column: number
  /** What JSON could have had there, and what stands there. */
  readonly expected: string
  readonly found: string
}

/** Shorter arrays are passed value by value. */
const leastArrayBytes = 1024

/** A place where the text is wrong, or a step that ended well: where it ended. */
type Step = number | { readonly offset: number; readonly expected: string }

/**
 * The first byte that no JSON text could have there, or its end where it ends too early; null where it is JSON.
 * JSON.parse tells of some faults no place. One pass, no recursion; meant for texts that JSON.parse has refused. With
 * `until`, what stands behind the token at that place does not matter.
 */
export function faultOf(body: Buffer, until = Infinity): JsonFault | null {
  const open: number[] = []
  let expected = 'a value'
  let at = startsWithMark(body) ? 3 : 0
  let step: 'value' | 'first value' | 'key' | 'first key' | 'after' = 'value'
  while (at <= until) {
    at = pastSpace(body, at)
    const byte = body[at]
    const inObject = open.at(-1) === openObjectByte
    if (step === 'after') {
      if (open.length === 0) return byte === undefined ? null : fault(body, at, 'nothing after the value')
      if (byte === (inObject ? closeObjectByte : closeArrayByte)) open.pop()
      else if (byte === commaByte) step = inObject ? 'key' : 'value'
      else return fault(body, at, inObject ? 'a comma or }' : 'a comma or ]')
      expected = 'a value'
      at++
      continue
    }
    if ((step === 'first key' && byte === closeObjectByte) || (step === 'first value' && byte === closeArrayByte)) {
      open.pop()
      step = 'after'
      at++
      continue
    }
    if (step === 'key' || step === 'first key') {
      if (byte !== quoteByte)
        return fault(body, at, step === 'key' ? 'a key in double quotes' : 'a key in double quotes, or }')
      const end = stringEnd(body, at)
      if (typeof end !== 'number') return fault(body, end.offset, end.expected)
      at = pastSpace(body, end)
      if (body[at] !== colonByte) return fault(body, at, 'a colon')
      at++
      step = 'value'
      continue
    }
    if (step === 'first value') expected = 'a value, or ]'
    if (byte === openArrayByte && inObject && body.length - at > leastArrayBytes) {
      // Long arrays of numbers are passed at once, and those that break off up to there.
      const { array, end, brokenOff } = readNumberArray(body, at)
      if (array !== null || (brokenOff !== null && end - at > leastArrayBytes)) {
        for (const _entries of brokenOff?.entries ?? []) open.push(openArrayByte)
        step = brokenOff?.beforeValue === true ? 'value' : 'after'
        if (step === 'value' && body[lastBefore(body, end)] === openArrayByte) step = 'first value'
        expected = step === 'first value' ? 'a value, or ]' : 'a value'
        at = end
        continue
      }
    }
    if (byte === openObjectByte || byte === openArrayByte) {
      open.push(byte)
      step = byte === openObjectByte ? 'first key' : 'first value'
      at++
      continue
    }
    const end = scalarEnd(body, at, expected)
    if (typeof end !== 'number') return fault(body, end.offset, end.expected)
    at = end
    expected = 'a value'
    step = 'after'
  }
  return null
}

/** The last byte before a place that is no space. */
function lastBefore(body: Buffer, place: number): number {
  let at = place - 1
  while (at > 0 && body[at]! <= 0x20) at--
  return at
}

/** A byte order mark, which a body may begin with. */
function startsWithMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf
}

function pastSpace(body: Buffer, at: number): number {
  for (;;) {
    const byte = body[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

/** Behind the string, number or word at `start`. */
function scalarEnd(body: Buffer, start: number, expected: string): Step {
  const byte = body[start]
  if (byte === quoteByte) return stringEnd(body, start)
  if (byte === 0x2d || isDigit(byte)) return numberEnd(body, start)
  for (const word of ['true', 'false', 'null']) {
    if (byte !== word.charCodeAt(0)) continue
    for (let i = 1; i < word.length; i++)
      if (body[start + i] !== word.charCodeAt(i)) return { offset: start + i, expected: word }
    return start + word.length
  }
  return { offset: start, expected }
}

function stringEnd(body: Buffer, start: number): Step {
  for (let at = start + 1; ; at++) {
    const byte = body[at]
    if (byte === quoteByte) return at + 1
    if (byte === undefined) return { offset: at, expected: 'the double quote that ends the string' }
    if (byte < 0x20) return { offset: at, expected: 'an escape such as \\n or \\u0009 for it' }
    if (byte !== backslashByte) continue
    at++
    const escape = body[at] === undefined ? '' : String.fromCharCode(body[at]!)
    if (escape === '' || !'"\\/bfnrtu'.includes(escape))
      return { offset: at, expected: 'one of " \\ / b f n r t u after the backslash' }
    if (escape !== 'u') continue
    for (const end = at + 4; at < end; at++)
      if (!/[0-9a-f]/i.test(String.fromCharCode(body[at + 1] ?? 0)))
        return { offset: at + 1, expected: 'four hexadecimal digits after \\u' }
  }
}

function numberEnd(body: Buffer, start: number): Step {
  let at = body[start] === 0x2d ? start + 1 : start
  const expected = 'a digit'
  if (!isDigit(body[at])) return { offset: at, expected }
  const leadingZero = body[at] === 0x30
  at++
  if (leadingZero && isDigit(body[at])) return { offset: at, expected: 'no digit after a leading 0' }
  while (isDigit(body[at])) at++
  if (body[at] === 0x2e) {
    at++
    if (!isDigit(body[at])) return { offset: at, expected }
    while (isDigit(body[at])) at++
  }
  if (body[at] === 0x65 || body[at] === 0x45) {
    at++
    if (body[at] === 0x2b || body[at] === 0x2d) at++
    if (!isDigit(body[at])) return { offset: at, expected }
    while (isDigit(body[at])) at++
  }
  return at
}

function fault(body: Buffer, offset: number, expected: string): JsonFault {
  let line = 1
  let column = 1
  for (let at = startsWithMark(body) ? 3 : 0; at < offset; at++) {
    const byte = body[at]!
    if (byte === 0x0a) {
      line++
      column = 1
    } else if ((byte & 0xc0) !== 0x80) column++
  }
  return { offset, line, column, expected, found: wordAt(body, offset) }
}

const longestWord = 24

/** What stands at a place, in words. */
function wordAt(body: Buffer, offset: number): string {
  if (offset >= body.length) return 'the end of the body'
  const text = body.toString('utf8', offset, offset + 4 * longestWord)
  const [character] = text
  const point = character!.codePointAt(0)!
  if (point === 0x0a || point === 0x0d) return 'a line break'
  if (point === 0x09) return 'a tab'
  const hex = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
  if (point < 0x20 || point === 0x7f || /\s/.test(character!)) return hex
  const word = /^[\w.+-]+/.exec(text)?.[0].slice(0, longestWord) ?? character!
  return point > 0x7f ? `${character} (${hex})` : word
}
