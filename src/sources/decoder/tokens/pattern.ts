import { UnsupportedModel } from '../unsupported.ts'
import { SplitPreTokenizer } from './library.ts'

/**
 * A `pattern` of tokenizer.json as a regular expression with the flags g and u: literal text, or Oniguruma's syntax,
 * which @huggingface/tokenizers rewrites.
 * @throws UnsupportedModel
 */
export function patternOf(pattern: unknown): RegExp {
  const { String: literal, Regex: regex } = (pattern ?? {}) as { String?: unknown; Regex?: unknown }
  if (typeof literal === 'string' && literal !== '') return new RegExp(escaped(literal), 'gu')
  if (typeof regex !== 'string')
    throw new UnsupportedModel(`tokenizer.json: a pattern is neither a String nor a Regex: ${JSON.stringify(pattern)}`)
  return oniguruma(regex)
}

export function oniguruma(regex: string): RegExp {
  try {
    const split = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: regex },
      behavior: 'Isolated',
      invert: false,
    })
    return split.pattern
  } catch (error) {
    throw new UnsupportedModel(`tokenizer.json: the pattern ${regex} cannot be read: ${(error as Error).message}`)
  }
}

/** Text that matches itself in a regular expression with the flag u. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/** A part of a text, and whether a pattern matched it: from, and not including the end. */
export interface Part {
  readonly from: number
  readonly to: number
  readonly matched: boolean
}

/** A text as the parts that a pattern matches and those between them; none is empty. */
export function partsOf(text: string, pattern: RegExp): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (match === '') continue
    if (index > end) parts.push({ from: end, to: index, matched: false })
    end = index + match.length
    parts.push({ from: index, to: end, matched: true })
  }
  if (end < text.length) parts.push({ from: end, to: text.length, matched: false })
  return parts
}
