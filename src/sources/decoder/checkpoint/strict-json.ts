import { UnsupportedModel } from '../unsupported.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** An object out of JSON text in UTF-8. @throws UnsupportedModel, its reason beginning with `what`, when it is none. */
export function parseObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(bytes))
  } catch {
    throw new UnsupportedModel(`${what} is not JSON in UTF-8`)
  }
  if (!isObject(value)) throw new UnsupportedModel(`${what} is not a JSON object`)
  return value
}

/** As parseObject, and no object in it says one key twice, where JSON.parse would take the last. */
export function parseUniqueKeys(bytes: Uint8Array, what: string): Record<string, unknown> {
  const value = parseObject(bytes, what)
  const twice = repeatedKey(utf8.decode(bytes))
  if (twice !== undefined) throw new UnsupportedModel(`${what} names ${JSON.stringify(twice)} twice`)
  return value
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The first key that an object of valid JSON text has twice. */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | null)[] = [] // the keys of each open object; null for an array
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{') open.push(new Set())
    else if (character === '[') open.push(null)
    else if (character === '}' || character === ']') open.pop()
    else if (character === '"') {
      const end = endOfString(text, at)
      if (/^\s*:/.test(text.slice(end, end + 64))) {
        const key = JSON.parse(text.slice(at, end)) as string
        const keys = open.at(-1)!
        if (keys!.has(key)) return key
        keys!.add(key)
      }
      at = end - 1
    }
  }
  return undefined
}

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
