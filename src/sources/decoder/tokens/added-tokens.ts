import { AlignedText } from './aligned-text.ts'
import { blanksBefore, blanksFrom } from './blanks.ts'
import type { Normalize } from './normalizers.ts'
import { escaped } from './pattern.ts'

/** Tokens beside the model's vocabulary, found in a text before anything else. */
interface AddedToken {
  readonly id: number
  readonly content: string
  readonly single_word?: boolean
  readonly lstrip?: boolean
  readonly rstrip?: boolean
  readonly normalized?: boolean
  readonly special?: boolean
}

/** A part of a text: an added token where `id` says which, else text for the model. */
export interface Section {
  readonly text: AlignedText
  readonly id: number | null
}

const inWords = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u

/** Whether the character that ends at `end` is part of a word. */
function endsWord(text: string, end: number): boolean {
  if (end === 0) return false
  const isPair = end > 1 && /[\udc00-\udfff]/.test(text[end - 1]!)
  return inWords.test(text.slice(end - (isPair ? 2 : 1), end))
}

/** Whether the character that begins at `start` is part of a word. */
function beginsWord(text: string, start: number): boolean {
  return start < text.length && inWords.test(String.fromCodePoint(text.codePointAt(start)!))
}

/**
 * Splits a text at its added tokens: those that are not normalized in the text as it is given, the others in the
 * normalized text between them (https://github.com/huggingface/tokenizers, added_vocabulary.rs).
 */
export function splitterAtAddedTokens(
  tokens: readonly AddedToken[],
  normalize: Normalize,
): (text: AlignedText) => Section[] {
  const isNormalized = (token: AddedToken): boolean => token.normalized ?? token.special !== true
  const asGiven = new Finder(tokens.filter((token) => !isNormalized(token)).map((token) => [token.content, token]))
  const normalized = new Finder(
    tokens.filter(isNormalized).map((token) => [normalize(AlignedText.of(token.content)).text, token]),
  )
  return (text) =>
    asGiven.split(text).flatMap((section) => {
      if (section.id !== null) return [section]
      const changed = normalize(section.text)
      return changed.length === 0 ? [] : normalized.split(changed)
    })
}

/** Finds the leftmost, and of those the longest, of some texts. */
class Finder {
  readonly #tokens: ReadonlyMap<string, AddedToken>
  readonly #pattern: RegExp | null

  constructor(entries: readonly (readonly [string, AddedToken])[]) {
    this.#tokens = new Map(entries.filter(([content]) => content !== ''))
    const longestFirst = [...this.#tokens.keys()].sort((a, b) => b.length - a.length)
    this.#pattern = longestFirst.length === 0 ? null : new RegExp(longestFirst.map(escaped).join('|'), 'gu')
  }

  split(aligned: AlignedText): Section[] {
    if (this.#pattern === null) return [{ text: aligned, id: null }]
    const { text } = aligned
    const sections: Section[] = []
    let done = 0
    const upTo = (end: number): void => {
      if (end > done) sections.push({ text: aligned.slice(done, end), id: null })
    }
    for (const { 0: match, index } of text.matchAll(this.#pattern)) {
      const token = this.#tokens.get(match)!
      const end = index + match.length
      if (token.single_word && (endsWord(text, index) || beginsWord(text, end))) continue
      const from = token.lstrip ? index - blanksBefore(text, index, done) : index
      const to = token.rstrip ? end + blanksFrom(text, end) : end
      upTo(from)
      sections.push({ text: aligned.slice(from, to), id: token.id })
      done = to
    }
    upTo(text.length)
    return sections
  }
}
